
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'wandb-rs' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'wandb-rs'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'wandb-rs' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('run', 'run', [CompletionResultType]::ParameterValue, 'Run a command and record it as a W&B run')
            [CompletionResult]::new('log', 'log', [CompletionResultType]::ParameterValue, 'Log metrics to the run that this script is part of')
            [CompletionResult]::new('config', 'config', [CompletionResultType]::ParameterValue, 'Add config values to the run that this script is part of')
            [CompletionResult]::new('summary', 'summary', [CompletionResultType]::ParameterValue, 'Set summary values of the run that this script is part of')
            [CompletionResult]::new('define-metric', 'define-metric', [CompletionResultType]::ParameterValue, 'Say how a metric is plotted and summarised')
            [CompletionResult]::new('alert', 'alert', [CompletionResultType]::ParameterValue, 'Send an alert from the run that this script is part of')
            [CompletionResult]::new('save', 'save', [CompletionResultType]::ParameterValue, 'Put files into the run that this script is part of')
            [CompletionResult]::new('info', 'info', [CompletionResultType]::ParameterValue, 'Tell the id, name and directory of the run that this script is part of')
            [CompletionResult]::new('parse', 'parse', [CompletionResultType]::ParameterValue, 'Show the metrics that would be found in a saved log')
            [CompletionResult]::new('import-log', 'import-log', [CompletionResultType]::ParameterValue, 'Make a run from a saved training log')
            [CompletionResult]::new('service', 'service', [CompletionResultType]::ParameterValue, 'Record runs of notebooks and long sessions without a wrapper')
            [CompletionResult]::new('sync', 'sync', [CompletionResultType]::ParameterValue, 'Upload runs with the official client')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print a shell''s completion script')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'wandb-rs;run' {
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'Project of the run [default: name of the git repository, else uncategorized]')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'Project of the run [default: name of the git repository, else uncategorized]')
            [CompletionResult]::new('-e', '-e', [CompletionResultType]::ParameterName, 'User or team that owns the run')
            [CompletionResult]::new('--entity', '--entity', [CompletionResultType]::ParameterName, 'User or team that owns the run')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Display name of the run [default: two words and a number]')
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'Display name of the run [default: two words and a number]')
            [CompletionResult]::new('--id', '--id', [CompletionResultType]::ParameterName, 'Id of the run [default: eight random characters]')
            [CompletionResult]::new('-g', '-g', [CompletionResultType]::ParameterName, 'Group of runs that this one belongs to')
            [CompletionResult]::new('--group', '--group', [CompletionResultType]::ParameterName, 'Group of runs that this one belongs to')
            [CompletionResult]::new('--job-type', '--job-type', [CompletionResultType]::ParameterName, 'Kind of work, like train or eval')
            [CompletionResult]::new('-t', '-t', [CompletionResultType]::ParameterName, 'Tags, separated by commas (can be repeated)')
            [CompletionResult]::new('--tags', '--tags', [CompletionResultType]::ParameterName, 'Tags, separated by commas (can be repeated)')
            [CompletionResult]::new('--tag', '--tag', [CompletionResultType]::ParameterName, 'Tags, separated by commas (can be repeated)')
            [CompletionResult]::new('--notes', '--notes', [CompletionResultType]::ParameterName, 'Notes about the run')
            [CompletionResult]::new('--resume', '--resume', [CompletionResultType]::ParameterName, 'What happens if the id exists on the server')
            [CompletionResult]::new('--resume-from', '--resume-from', [CompletionResultType]::ParameterName, 'Go on with a run from an earlier step')
            [CompletionResult]::new('--fork-from', '--fork-from', [CompletionResultType]::ParameterName, 'Begin as a copy of another run up to a step')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Config value, like lr=0.1 or optimizer.name=adam (can be repeated)')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config value, like lr=0.1 or optimizer.name=adam (can be repeated)')
            [CompletionResult]::new('--config-file', '--config-file', [CompletionResultType]::ParameterName, 'YAML or JSON file of config values (can be repeated)')
            [CompletionResult]::new('--mode', '--mode', [CompletionResultType]::ParameterName, 'Where the run goes; disabled runs the command without recording anything [default: offline]')
            [CompletionResult]::new('--dir', '--dir', [CompletionResultType]::ParameterName, 'Directory in which wandb/ is made [default: the current one]')
            [CompletionResult]::new('--stats-interval', '--stats-interval', [CompletionResultType]::ParameterName, 'Seconds between two samples of system metrics [default: 15]')
            [CompletionResult]::new('--kill-after', '--kill-after', [CompletionResultType]::ParameterName, 'Kill the command if it runs on for this long after a signal to end [default: never]')
            [CompletionResult]::new('--summary-json', '--summary-json', [CompletionResultType]::ParameterName, 'Write id, directory, exit code and summary to a file as JSON')
            [CompletionResult]::new('--metric', '--metric', [CompletionResultType]::ParameterName, 'Take a metric where REGEX matches: its first group is the value (can be repeated)')
            [CompletionResult]::new('--pattern', '--pattern', [CompletionResultType]::ParameterName, 'Take a row where REGEX matches: its named groups, like (?P<step>\d+) and (?P<f1>\S+), are counters and metrics (can be repeated)')
            [CompletionResult]::new('--include', '--include', [CompletionResultType]::ParameterName, 'Keep only metrics whose names match GLOB (can be repeated)')
            [CompletionResult]::new('--ignore', '--ignore', [CompletionResultType]::ParameterName, 'Leave out metrics whose names match GLOB (can be repeated)')
            [CompletionResult]::new('--rank', '--rank', [CompletionResultType]::ParameterName, 'Whose lines count if several ranks print; with all, others are named rank<N>/… [default: 0]')
            [CompletionResult]::new('--no-args-config', '--no-args-config', [CompletionResultType]::ParameterName, 'Do not take config from the command''s arguments')
            [CompletionResult]::new('--save-code', '--save-code', [CompletionResultType]::ParameterName, 'Record the script and the git diff')
            [CompletionResult]::new('--no-git', '--no-git', [CompletionResultType]::ParameterName, 'Do not look for a git repository')
            [CompletionResult]::new('--no-parse', '--no-parse', [CompletionResultType]::ParameterName, 'Do not search the output for metrics')
            [CompletionResult]::new('--parse', '--parse', [CompletionResultType]::ParameterName, 'Search the output for metrics even if the script logs through the SDK')
            [CompletionResult]::new('--no-stats', '--no-stats', [CompletionResultType]::ParameterName, 'Do not sample system metrics')
            [CompletionResult]::new('--no-unbuffered', '--no-unbuffered', [CompletionResultType]::ParameterName, 'Do not set PYTHONUNBUFFERED=1 for the command')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Show what would be run and recorded, and do nothing')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only where the run is stored')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only where the run is stored')
            [CompletionResult]::new('--silent', '--silent', [CompletionResultType]::ParameterName, 'Print nothing')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'wandb-rs;log' {
            [CompletionResult]::new('--step', '--step', [CompletionResultType]::ParameterName, 'Step of the row; rows of the same step are joined [default: the next one]')
            [CompletionResult]::new('--commit', '--commit', [CompletionResultType]::ParameterName, 'End the row, so that the next values begin a new one')
            [CompletionResult]::new('--no-commit', '--no-commit', [CompletionResultType]::ParameterName, 'Keep the row open for more values')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'wandb-rs;config' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'wandb-rs;summary' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'wandb-rs;define-metric' {
            [CompletionResult]::new('--step-metric', '--step-metric', [CompletionResultType]::ParameterName, 'Metric on its x axis')
            [CompletionResult]::new('--summary', '--summary', [CompletionResultType]::ParameterName, 'What the summary holds: min, max, mean, last, first, none (separated by commas) [default: the latest value]')
            [CompletionResult]::new('--hidden', '--hidden', [CompletionResultType]::ParameterName, 'Hide it in automatic charts')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'wandb-rs;alert' {
            [CompletionResult]::new('--level', '--level', [CompletionResultType]::ParameterName, 'How serious it is')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'Seconds before an alert of this title is sent again')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'wandb-rs;save' {
            [CompletionResult]::new('--policy', '--policy', [CompletionResultType]::ParameterName, 'When a file is uploaded: at once (a copy is taken), at the end, or whenever it changes')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'wandb-rs;info' {
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'wandb-rs;parse' {
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'How the rows are printed [default: table at a terminal, else jsonl]')
            [CompletionResult]::new('--metric', '--metric', [CompletionResultType]::ParameterName, 'Take a metric where REGEX matches: its first group is the value (can be repeated)')
            [CompletionResult]::new('--pattern', '--pattern', [CompletionResultType]::ParameterName, 'Take a row where REGEX matches: its named groups, like (?P<step>\d+) and (?P<f1>\S+), are counters and metrics (can be repeated)')
            [CompletionResult]::new('--include', '--include', [CompletionResultType]::ParameterName, 'Keep only metrics whose names match GLOB (can be repeated)')
            [CompletionResult]::new('--ignore', '--ignore', [CompletionResultType]::ParameterName, 'Leave out metrics whose names match GLOB (can be repeated)')
            [CompletionResult]::new('--rank', '--rank', [CompletionResultType]::ParameterName, 'Whose lines count if several ranks print; with all, others are named rank<N>/… [default: 0]')
            [CompletionResult]::new('--explain', '--explain', [CompletionResultType]::ParameterName, 'Say which line gave which row by which rule, and why other lines gave none')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'wandb-rs;import-log' {
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'Project of the run [default: name of the git repository, else uncategorized]')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'Project of the run [default: name of the git repository, else uncategorized]')
            [CompletionResult]::new('-e', '-e', [CompletionResultType]::ParameterName, 'User or team that owns the run')
            [CompletionResult]::new('--entity', '--entity', [CompletionResultType]::ParameterName, 'User or team that owns the run')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Display name of the run [default: two words and a number]')
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'Display name of the run [default: two words and a number]')
            [CompletionResult]::new('--id', '--id', [CompletionResultType]::ParameterName, 'Id of the run [default: eight random characters]')
            [CompletionResult]::new('-g', '-g', [CompletionResultType]::ParameterName, 'Group of runs that this one belongs to')
            [CompletionResult]::new('--group', '--group', [CompletionResultType]::ParameterName, 'Group of runs that this one belongs to')
            [CompletionResult]::new('--job-type', '--job-type', [CompletionResultType]::ParameterName, 'Kind of work, like train or eval')
            [CompletionResult]::new('-t', '-t', [CompletionResultType]::ParameterName, 'Tags, separated by commas (can be repeated)')
            [CompletionResult]::new('--tags', '--tags', [CompletionResultType]::ParameterName, 'Tags, separated by commas (can be repeated)')
            [CompletionResult]::new('--tag', '--tag', [CompletionResultType]::ParameterName, 'Tags, separated by commas (can be repeated)')
            [CompletionResult]::new('--notes', '--notes', [CompletionResultType]::ParameterName, 'Notes about the run')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Config value, like lr=0.1 or optimizer.name=adam (can be repeated)')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config value, like lr=0.1 or optimizer.name=adam (can be repeated)')
            [CompletionResult]::new('--config-file', '--config-file', [CompletionResultType]::ParameterName, 'YAML or JSON file of config values (can be repeated)')
            [CompletionResult]::new('--dir', '--dir', [CompletionResultType]::ParameterName, 'Directory in which wandb/ is made [default: the current one]')
            [CompletionResult]::new('--exit-code', '--exit-code', [CompletionResultType]::ParameterName, 'Exit code that the script ended with')
            [CompletionResult]::new('--metric', '--metric', [CompletionResultType]::ParameterName, 'Take a metric where REGEX matches: its first group is the value (can be repeated)')
            [CompletionResult]::new('--pattern', '--pattern', [CompletionResultType]::ParameterName, 'Take a row where REGEX matches: its named groups, like (?P<step>\d+) and (?P<f1>\S+), are counters and metrics (can be repeated)')
            [CompletionResult]::new('--include', '--include', [CompletionResultType]::ParameterName, 'Keep only metrics whose names match GLOB (can be repeated)')
            [CompletionResult]::new('--ignore', '--ignore', [CompletionResultType]::ParameterName, 'Leave out metrics whose names match GLOB (can be repeated)')
            [CompletionResult]::new('--rank', '--rank', [CompletionResultType]::ParameterName, 'Whose lines count if several ranks print; with all, others are named rank<N>/… [default: 0]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'wandb-rs;service' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('start', 'start', [CompletionResultType]::ParameterValue, 'Start the service, unless it runs, and print the value for `WANDB_SERVICE`')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Tell whether the service runs')
            [CompletionResult]::new('stop', 'stop', [CompletionResultType]::ParameterValue, 'End the service; runs that are open are brought to the disk')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'wandb-rs;service;start' {
            [CompletionResult]::new('--idle-timeout', '--idle-timeout', [CompletionResultType]::ParameterName, 'End when nobody has been connected for this many seconds; 0 is never')
            [CompletionResult]::new('--foreground', '--foreground', [CompletionResultType]::ParameterName, 'Stay in the foreground')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'wandb-rs;service;status' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'wandb-rs;service;stop' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'wandb-rs;service;help' {
            [CompletionResult]::new('start', 'start', [CompletionResultType]::ParameterValue, 'Start the service, unless it runs, and print the value for `WANDB_SERVICE`')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Tell whether the service runs')
            [CompletionResult]::new('stop', 'stop', [CompletionResultType]::ParameterValue, 'End the service; runs that are open are brought to the disk')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'wandb-rs;service;help;start' {
            break
        }
        'wandb-rs;service;help;status' {
            break
        }
        'wandb-rs;service;help;stop' {
            break
        }
        'wandb-rs;service;help;help' {
            break
        }
        'wandb-rs;sync' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'wandb-rs;completions' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'wandb-rs;help' {
            [CompletionResult]::new('run', 'run', [CompletionResultType]::ParameterValue, 'Run a command and record it as a W&B run')
            [CompletionResult]::new('log', 'log', [CompletionResultType]::ParameterValue, 'Log metrics to the run that this script is part of')
            [CompletionResult]::new('config', 'config', [CompletionResultType]::ParameterValue, 'Add config values to the run that this script is part of')
            [CompletionResult]::new('summary', 'summary', [CompletionResultType]::ParameterValue, 'Set summary values of the run that this script is part of')
            [CompletionResult]::new('define-metric', 'define-metric', [CompletionResultType]::ParameterValue, 'Say how a metric is plotted and summarised')
            [CompletionResult]::new('alert', 'alert', [CompletionResultType]::ParameterValue, 'Send an alert from the run that this script is part of')
            [CompletionResult]::new('save', 'save', [CompletionResultType]::ParameterValue, 'Put files into the run that this script is part of')
            [CompletionResult]::new('info', 'info', [CompletionResultType]::ParameterValue, 'Tell the id, name and directory of the run that this script is part of')
            [CompletionResult]::new('parse', 'parse', [CompletionResultType]::ParameterValue, 'Show the metrics that would be found in a saved log')
            [CompletionResult]::new('import-log', 'import-log', [CompletionResultType]::ParameterValue, 'Make a run from a saved training log')
            [CompletionResult]::new('service', 'service', [CompletionResultType]::ParameterValue, 'Record runs of notebooks and long sessions without a wrapper')
            [CompletionResult]::new('sync', 'sync', [CompletionResultType]::ParameterValue, 'Upload runs with the official client')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print a shell''s completion script')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'wandb-rs;help;run' {
            break
        }
        'wandb-rs;help;log' {
            break
        }
        'wandb-rs;help;config' {
            break
        }
        'wandb-rs;help;summary' {
            break
        }
        'wandb-rs;help;define-metric' {
            break
        }
        'wandb-rs;help;alert' {
            break
        }
        'wandb-rs;help;save' {
            break
        }
        'wandb-rs;help;info' {
            break
        }
        'wandb-rs;help;parse' {
            break
        }
        'wandb-rs;help;import-log' {
            break
        }
        'wandb-rs;help;service' {
            [CompletionResult]::new('start', 'start', [CompletionResultType]::ParameterValue, 'Start the service, unless it runs, and print the value for `WANDB_SERVICE`')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Tell whether the service runs')
            [CompletionResult]::new('stop', 'stop', [CompletionResultType]::ParameterValue, 'End the service; runs that are open are brought to the disk')
            break
        }
        'wandb-rs;help;service;start' {
            break
        }
        'wandb-rs;help;service;status' {
            break
        }
        'wandb-rs;help;service;stop' {
            break
        }
        'wandb-rs;help;sync' {
            break
        }
        'wandb-rs;help;completions' {
            break
        }
        'wandb-rs;help;help' {
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
