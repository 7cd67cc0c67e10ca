
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
            [CompletionResult]::new('server', 'server', [CompletionResultType]::ParameterValue, 'Run a W&B server on this machine: runs go there, and the printed links lead to its pages')
            [CompletionResult]::new('ui', 'ui', [CompletionResultType]::ParameterValue, 'Show the pages of the server over run directories, in place')
            [CompletionResult]::new('sync', 'sync', [CompletionResultType]::ParameterValue, 'Upload runs to the server')
            [CompletionResult]::new('login', 'login', [CompletionResultType]::ParameterValue, 'Store an API key for a W&B server')
            [CompletionResult]::new('logout', 'logout', [CompletionResultType]::ParameterValue, 'Remove the API key of a W&B server')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Tell which settings hold here, where they come from, and whether there is a key')
            [CompletionResult]::new('init', 'init', [CompletionResultType]::ParameterValue, 'Set the project, entity and mode of the runs of this directory')
            [CompletionResult]::new('online', 'online', [CompletionResultType]::ParameterValue, 'Upload the runs of this directory')
            [CompletionResult]::new('offline', 'offline', [CompletionResultType]::ParameterValue, 'Keep the runs of this directory on this machine')
            [CompletionResult]::new('enabled', 'enabled', [CompletionResultType]::ParameterValue, 'Record the runs of this directory')
            [CompletionResult]::new('disabled', 'disabled', [CompletionResultType]::ParameterValue, 'Do not record the runs of this directory')
            [CompletionResult]::new('ls', 'ls', [CompletionResultType]::ParameterValue, 'List the runs on this disk, newest first')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show what a run on this disk is')
            [CompletionResult]::new('inspect', 'inspect', [CompletionResultType]::ParameterValue, 'Print the records of a run''s log')
            [CompletionResult]::new('export', 'export', [CompletionResultType]::ParameterValue, 'Write a run''s history to a file of another format')
            [CompletionResult]::new('edit', 'edit', [CompletionResultType]::ParameterValue, 'Change a run on this disk before it is uploaded')
            [CompletionResult]::new('clean', 'clean', [CompletionResultType]::ParameterValue, 'Delete runs on this disk that have been uploaded')
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
            [CompletionResult]::new('--mode', '--mode', [CompletionResultType]::ParameterName, 'Where the run goes; disabled runs the command without recording anything [default: online if there is an API key for the server, else offline]')
            [CompletionResult]::new('--dir', '--dir', [CompletionResultType]::ParameterName, 'Directory in which wandb/ is made [default: the current one]')
            [CompletionResult]::new('--stats-interval', '--stats-interval', [CompletionResultType]::ParameterName, 'Seconds between two samples of system metrics [default: 15]')
            [CompletionResult]::new('--finish-timeout', '--finish-timeout', [CompletionResultType]::ParameterName, 'How long the end of the run waits for its upload; what is left can be synced later [default: as long as it takes]')
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
            [CompletionResult]::new('--requeue', '--requeue', [CompletionResultType]::ParameterName, 'Go on with the same run when a Slurm job is requeued: its id is made of the job''s')
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
        'wandb-rs;server' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('start', 'start', [CompletionResultType]::ParameterValue, 'Start the server, unless it runs')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Tell whether the server runs, and where')
            [CompletionResult]::new('stop', 'stop', [CompletionResultType]::ParameterValue, 'End the server; what it has acknowledged is on the disk already')
            [CompletionResult]::new('user', 'user', [CompletionResultType]::ParameterValue, 'Add users and keys')
            [CompletionResult]::new('backup', 'backup', [CompletionResultType]::ParameterValue, 'Copy all data to a new directory, also while the server runs')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'wandb-rs;server;start' {
            [CompletionResult]::new('--data-dir', '--data-dir', [CompletionResultType]::ParameterName, 'Directory of the server''s data [default: ~/.local/share/wandb-rs/server] [env: `WANDB_RS_SERVER_DIR`]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Address to listen on; any but loopback wants --tls-cert and --tls-key')
            [CompletionResult]::new('--port', '--port', [CompletionResultType]::ParameterName, 'Port to listen on; 0 takes a free one')
            [CompletionResult]::new('--tls-cert', '--tls-cert', [CompletionResultType]::ParameterName, 'Certificate chain in PEM form')
            [CompletionResult]::new('--tls-key', '--tls-key', [CompletionResultType]::ParameterName, 'Private key in PEM form')
            [CompletionResult]::new('--public-url', '--public-url', [CompletionResultType]::ParameterName, 'Address under which others reach the server, through a proxy for example')
            [CompletionResult]::new('--allow-host', '--allow-host', [CompletionResultType]::ParameterName, 'Further host name under which the server is reached; may be given several times')
            [CompletionResult]::new('--allow-plain', '--allow-plain', [CompletionResultType]::ParameterName, 'Listen on other addresses than loopback without TLS: keys and data cross the network in the open')
            [CompletionResult]::new('--foreground', '--foreground', [CompletionResultType]::ParameterName, 'Stay in the foreground')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'wandb-rs;server;status' {
            [CompletionResult]::new('--data-dir', '--data-dir', [CompletionResultType]::ParameterName, 'Directory of the server''s data [default: ~/.local/share/wandb-rs/server] [env: `WANDB_RS_SERVER_DIR`]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'wandb-rs;server;stop' {
            [CompletionResult]::new('--data-dir', '--data-dir', [CompletionResultType]::ParameterName, 'Directory of the server''s data [default: ~/.local/share/wandb-rs/server] [env: `WANDB_RS_SERVER_DIR`]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'wandb-rs;server;user' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Add a user and print a key')
            [CompletionResult]::new('key', 'key', [CompletionResultType]::ParameterValue, 'Print a new key for a user')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'wandb-rs;server;user;add' {
            [CompletionResult]::new('--data-dir', '--data-dir', [CompletionResultType]::ParameterName, 'Directory of the server''s data [default: ~/.local/share/wandb-rs/server] [env: `WANDB_RS_SERVER_DIR`]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'wandb-rs;server;user;key' {
            [CompletionResult]::new('--data-dir', '--data-dir', [CompletionResultType]::ParameterName, 'Directory of the server''s data [default: ~/.local/share/wandb-rs/server] [env: `WANDB_RS_SERVER_DIR`]')
            [CompletionResult]::new('--revoke', '--revoke', [CompletionResultType]::ParameterName, 'Take all earlier keys and sessions of the user away')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'wandb-rs;server;user;help' {
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Add a user and print a key')
            [CompletionResult]::new('key', 'key', [CompletionResultType]::ParameterValue, 'Print a new key for a user')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'wandb-rs;server;user;help;add' {
            break
        }
        'wandb-rs;server;user;help;key' {
            break
        }
        'wandb-rs;server;user;help;help' {
            break
        }
        'wandb-rs;server;backup' {
            [CompletionResult]::new('--data-dir', '--data-dir', [CompletionResultType]::ParameterName, 'Directory of the server''s data [default: ~/.local/share/wandb-rs/server] [env: `WANDB_RS_SERVER_DIR`]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'wandb-rs;server;help' {
            [CompletionResult]::new('start', 'start', [CompletionResultType]::ParameterValue, 'Start the server, unless it runs')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Tell whether the server runs, and where')
            [CompletionResult]::new('stop', 'stop', [CompletionResultType]::ParameterValue, 'End the server; what it has acknowledged is on the disk already')
            [CompletionResult]::new('user', 'user', [CompletionResultType]::ParameterValue, 'Add users and keys')
            [CompletionResult]::new('backup', 'backup', [CompletionResultType]::ParameterValue, 'Copy all data to a new directory, also while the server runs')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'wandb-rs;server;help;start' {
            break
        }
        'wandb-rs;server;help;status' {
            break
        }
        'wandb-rs;server;help;stop' {
            break
        }
        'wandb-rs;server;help;user' {
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Add a user and print a key')
            [CompletionResult]::new('key', 'key', [CompletionResultType]::ParameterValue, 'Print a new key for a user')
            break
        }
        'wandb-rs;server;help;user;add' {
            break
        }
        'wandb-rs;server;help;user;key' {
            break
        }
        'wandb-rs;server;help;backup' {
            break
        }
        'wandb-rs;server;help;help' {
            break
        }
        'wandb-rs;ui' {
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Address to listen on')
            [CompletionResult]::new('--port', '--port', [CompletionResultType]::ParameterName, 'Port to listen on [default: a free one]')
            [CompletionResult]::new('--allow-host', '--allow-host', [CompletionResultType]::ParameterName, 'Further host name under which the pages are reached; may be given several times')
            [CompletionResult]::new('--allow-plain', '--allow-plain', [CompletionResultType]::ParameterName, 'Listen on other addresses than loopback')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'wandb-rs;sync' {
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'Upload to this project')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'Upload to this project')
            [CompletionResult]::new('-e', '-e', [CompletionResultType]::ParameterName, 'Upload to this user or team')
            [CompletionResult]::new('--entity', '--entity', [CompletionResultType]::ParameterName, 'Upload to this user or team')
            [CompletionResult]::new('--id', '--id', [CompletionResultType]::ParameterName, 'Upload as the run of this id')
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'Display name')
            [CompletionResult]::new('--notes', '--notes', [CompletionResultType]::ParameterName, 'Notes')
            [CompletionResult]::new('--tags', '--tags', [CompletionResultType]::ParameterName, 'Tags to add, separated by commas (can be repeated)')
            [CompletionResult]::new('--tag', '--tag', [CompletionResultType]::ParameterName, 'Tags to add, separated by commas (can be repeated)')
            [CompletionResult]::new('--replace-tags', '--replace-tags', [CompletionResultType]::ParameterName, 'Tags to replace: old=new, separated by commas; old= removes one')
            [CompletionResult]::new('--job-type', '--job-type', [CompletionResultType]::ParameterName, 'Kind of work, like train or eval')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Config value, like lr=0.1 or optimizer.name=adam (can be repeated)')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config value, like lr=0.1 or optimizer.name=adam (can be repeated)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Runs to upload at once')
            [CompletionResult]::new('--parallel', '--parallel', [CompletionResultType]::ParameterName, 'Runs to upload at once')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask before uploading what was found')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask before uploading what was found')
            [CompletionResult]::new('--sync-all', '--sync-all', [CompletionResultType]::ParameterName, 'Do not ask before uploading what was found')
            [CompletionResult]::new('--include-synced', '--include-synced', [CompletionResultType]::ParameterName, 'Upload runs that have been synced before, too')
            [CompletionResult]::new('--skip-synced', '--skip-synced', [CompletionResultType]::ParameterName, 'Leave out runs that have been synced before')
            [CompletionResult]::new('--include-online', '--include-online', [CompletionResultType]::ParameterName, 'Upload runs that were online, too')
            [CompletionResult]::new('--skip-online', '--skip-online', [CompletionResultType]::ParameterName, 'Leave out runs that were online')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Show what would be uploaded, and do nothing')
            [CompletionResult]::new('--live', '--live', [CompletionResultType]::ParameterName, 'Upload runs while they are written, and new ones as they come, until interrupted')
            [CompletionResult]::new('--follow', '--follow', [CompletionResultType]::ParameterName, 'Upload runs while they are written, and new ones as they come, until interrupted')
            [CompletionResult]::new('--verify', '--verify', [CompletionResultType]::ParameterName, 'Compare what the server has with the log afterwards')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print a JSON object for each run on stdout')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'List all runs, however many there are')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'List all runs, however many there are')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'wandb-rs;login' {
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Log in to this server, and use it from now on')
            [CompletionResult]::new('--base-url', '--base-url', [CompletionResultType]::ParameterName, 'Log in to this server, and use it from now on')
            [CompletionResult]::new('--cloud', '--cloud', [CompletionResultType]::ParameterName, 'Log in to the public cloud, and use it from now on')
            [CompletionResult]::new('--local', '--local', [CompletionResultType]::ParameterName, 'Log in to the server that `wandb-rs server start` runs on this machine, with its first key')
            [CompletionResult]::new('--relogin', '--relogin', [CompletionResultType]::ParameterName, 'Ask for a key even if there is one')
            [CompletionResult]::new('--verify', '--verify', [CompletionResultType]::ParameterName, 'Check the key with the server before it is stored; this is the default')
            [CompletionResult]::new('--no-verify', '--no-verify', [CompletionResultType]::ParameterName, 'Do not check the key with the server')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'wandb-rs;logout' {
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'The server [default: the one that is in use]')
            [CompletionResult]::new('--base-url', '--base-url', [CompletionResultType]::ParameterName, 'The server [default: the one that is in use]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'wandb-rs;status' {
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('--settings', '--settings', [CompletionResultType]::ParameterName, 'Show the settings; this is the default')
            [CompletionResult]::new('--no-settings', '--no-settings', [CompletionResultType]::ParameterName, 'Leave the settings out')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'wandb-rs;init' {
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'Project')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'Project')
            [CompletionResult]::new('-e', '-e', [CompletionResultType]::ParameterName, 'User or team that owns the runs')
            [CompletionResult]::new('--entity', '--entity', [CompletionResultType]::ParameterName, 'User or team that owns the runs')
            [CompletionResult]::new('-m', '-m', [CompletionResultType]::ParameterName, 'Mode of the runs')
            [CompletionResult]::new('--mode', '--mode', [CompletionResultType]::ParameterName, 'Mode of the runs')
            [CompletionResult]::new('--reset', '--reset', [CompletionResultType]::ParameterName, 'Forget project, entity and mode first')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'wandb-rs;online' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'wandb-rs;offline' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'wandb-rs;enabled' {
            [CompletionResult]::new('--service', '--service', [CompletionResultType]::ParameterName, 'No effect')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'wandb-rs;disabled' {
            [CompletionResult]::new('--service', '--service', [CompletionResultType]::ParameterName, 'No effect')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'wandb-rs;ls' {
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print all that the logs say, one JSON object a run')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'List all runs, not only the 20 newest')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'wandb-rs;show' {
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'wandb-rs;inspect' {
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object a record, in the words of `wandb leet inspect --json`; a field that is not known is named by its number in `_unknown_fields`')
            [CompletionResult]::new('--summary', '--summary', [CompletionResultType]::ParameterName, 'Print what the records say together: state, summary and config')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'wandb-rs;export' {
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Format of the output')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Where to write it [default: stdout]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Where to write it [default: stdout]')
            [CompletionResult]::new('--keys', '--keys', [CompletionResultType]::ParameterName, 'Only these columns behind _step, in this order, and only rows that have one of them')
            [CompletionResult]::new('--stream', '--stream', [CompletionResultType]::ParameterName, 'What is exported: the logged rows, the system metrics, or the lines of the console')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'wandb-rs;edit' {
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'Name')
            [CompletionResult]::new('--notes', '--notes', [CompletionResultType]::ParameterName, 'Notes; empty takes them away')
            [CompletionResult]::new('--tags', '--tags', [CompletionResultType]::ParameterName, 'Tags in place of those that it has, separated by commas; empty takes all away')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'Project')
            [CompletionResult]::new('--entity', '--entity', [CompletionResultType]::ParameterName, 'Team or user')
            [CompletionResult]::new('--group', '--group', [CompletionResultType]::ParameterName, 'Group')
            [CompletionResult]::new('--job-type', '--job-type', [CompletionResultType]::ParameterName, 'Job type')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config value (can be repeated)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'wandb-rs;clean' {
            [CompletionResult]::new('--min-hours', '--min-hours', [CompletionResultType]::ParameterName, 'Only runs that were made at least this many hours ago')
            [CompletionResult]::new('--keep', '--keep', [CompletionResultType]::ParameterName, 'Keep the N newest runs')
            [CompletionResult]::new('--max-size', '--max-size', [CompletionResultType]::ParameterName, 'Only as many runs, the oldest first, as bring all runs together below this size, like 500MB or 2G')
            [CompletionResult]::new('--include-unsynced', '--include-unsynced', [CompletionResultType]::ParameterName, 'Also runs that were not uploaded: what they hold is lost')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Do not ask')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Say what would be deleted, and delete nothing')
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
            [CompletionResult]::new('server', 'server', [CompletionResultType]::ParameterValue, 'Run a W&B server on this machine: runs go there, and the printed links lead to its pages')
            [CompletionResult]::new('ui', 'ui', [CompletionResultType]::ParameterValue, 'Show the pages of the server over run directories, in place')
            [CompletionResult]::new('sync', 'sync', [CompletionResultType]::ParameterValue, 'Upload runs to the server')
            [CompletionResult]::new('login', 'login', [CompletionResultType]::ParameterValue, 'Store an API key for a W&B server')
            [CompletionResult]::new('logout', 'logout', [CompletionResultType]::ParameterValue, 'Remove the API key of a W&B server')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Tell which settings hold here, where they come from, and whether there is a key')
            [CompletionResult]::new('init', 'init', [CompletionResultType]::ParameterValue, 'Set the project, entity and mode of the runs of this directory')
            [CompletionResult]::new('online', 'online', [CompletionResultType]::ParameterValue, 'Upload the runs of this directory')
            [CompletionResult]::new('offline', 'offline', [CompletionResultType]::ParameterValue, 'Keep the runs of this directory on this machine')
            [CompletionResult]::new('enabled', 'enabled', [CompletionResultType]::ParameterValue, 'Record the runs of this directory')
            [CompletionResult]::new('disabled', 'disabled', [CompletionResultType]::ParameterValue, 'Do not record the runs of this directory')
            [CompletionResult]::new('ls', 'ls', [CompletionResultType]::ParameterValue, 'List the runs on this disk, newest first')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show what a run on this disk is')
            [CompletionResult]::new('inspect', 'inspect', [CompletionResultType]::ParameterValue, 'Print the records of a run''s log')
            [CompletionResult]::new('export', 'export', [CompletionResultType]::ParameterValue, 'Write a run''s history to a file of another format')
            [CompletionResult]::new('edit', 'edit', [CompletionResultType]::ParameterValue, 'Change a run on this disk before it is uploaded')
            [CompletionResult]::new('clean', 'clean', [CompletionResultType]::ParameterValue, 'Delete runs on this disk that have been uploaded')
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
        'wandb-rs;help;server' {
            [CompletionResult]::new('start', 'start', [CompletionResultType]::ParameterValue, 'Start the server, unless it runs')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Tell whether the server runs, and where')
            [CompletionResult]::new('stop', 'stop', [CompletionResultType]::ParameterValue, 'End the server; what it has acknowledged is on the disk already')
            [CompletionResult]::new('user', 'user', [CompletionResultType]::ParameterValue, 'Add users and keys')
            [CompletionResult]::new('backup', 'backup', [CompletionResultType]::ParameterValue, 'Copy all data to a new directory, also while the server runs')
            break
        }
        'wandb-rs;help;server;start' {
            break
        }
        'wandb-rs;help;server;status' {
            break
        }
        'wandb-rs;help;server;stop' {
            break
        }
        'wandb-rs;help;server;user' {
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Add a user and print a key')
            [CompletionResult]::new('key', 'key', [CompletionResultType]::ParameterValue, 'Print a new key for a user')
            break
        }
        'wandb-rs;help;server;user;add' {
            break
        }
        'wandb-rs;help;server;user;key' {
            break
        }
        'wandb-rs;help;server;backup' {
            break
        }
        'wandb-rs;help;ui' {
            break
        }
        'wandb-rs;help;sync' {
            break
        }
        'wandb-rs;help;login' {
            break
        }
        'wandb-rs;help;logout' {
            break
        }
        'wandb-rs;help;status' {
            break
        }
        'wandb-rs;help;init' {
            break
        }
        'wandb-rs;help;online' {
            break
        }
        'wandb-rs;help;offline' {
            break
        }
        'wandb-rs;help;enabled' {
            break
        }
        'wandb-rs;help;disabled' {
            break
        }
        'wandb-rs;help;ls' {
            break
        }
        'wandb-rs;help;show' {
            break
        }
        'wandb-rs;help;inspect' {
            break
        }
        'wandb-rs;help;export' {
            break
        }
        'wandb-rs;help;edit' {
            break
        }
        'wandb-rs;help;clean' {
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
