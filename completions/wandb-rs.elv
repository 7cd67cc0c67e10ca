
use builtin;
use str;

set edit:completion:arg-completer[wandb-rs] = {|@words|
    fn spaces {|n|
        builtin:repeat $n ' ' | str:join ''
    }
    fn cand {|text desc|
        edit:complex-candidate $text &display=$text' '(spaces (- 14 (wcswidth $text)))$desc
    }
    var command = 'wandb-rs'
    for word $words[1..-1] {
        if (str:has-prefix $word '-') {
            break
        }
        set command = $command';'$word
    }
    var completions = [
        &'wandb-rs'= {
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
            cand run 'Run a command and record it as a W&B run'
            cand log 'Log metrics to the run that this script is part of'
            cand config 'Add config values to the run that this script is part of'
            cand summary 'Set summary values of the run that this script is part of'
            cand define-metric 'Say how a metric is plotted and summarised'
            cand alert 'Send an alert from the run that this script is part of'
            cand save 'Put files into the run that this script is part of'
            cand info 'Tell the id, name and directory of the run that this script is part of'
            cand parse 'Show the metrics that would be found in a saved log'
            cand import-log 'Make a run from a saved training log'
            cand service 'Record runs of notebooks and long sessions without a wrapper'
            cand sync 'Upload runs with the official client'
            cand completions 'Print a shell''s completion script'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'wandb-rs;run'= {
            cand -p 'Project of the run [default: name of the git repository, else uncategorized]'
            cand --project 'Project of the run [default: name of the git repository, else uncategorized]'
            cand -e 'User or team that owns the run'
            cand --entity 'User or team that owns the run'
            cand -n 'Display name of the run [default: two words and a number]'
            cand --name 'Display name of the run [default: two words and a number]'
            cand --id 'Id of the run [default: eight random characters]'
            cand -g 'Group of runs that this one belongs to'
            cand --group 'Group of runs that this one belongs to'
            cand --job-type 'Kind of work, like train or eval'
            cand -t 'Tags, separated by commas (can be repeated)'
            cand --tags 'Tags, separated by commas (can be repeated)'
            cand --tag 'Tags, separated by commas (can be repeated)'
            cand --notes 'Notes about the run'
            cand --resume 'What happens if the id exists on the server'
            cand --resume-from 'Go on with a run from an earlier step'
            cand --fork-from 'Begin as a copy of another run up to a step'
            cand -c 'Config value, like lr=0.1 or optimizer.name=adam (can be repeated)'
            cand --config 'Config value, like lr=0.1 or optimizer.name=adam (can be repeated)'
            cand --config-file 'YAML or JSON file of config values (can be repeated)'
            cand --mode 'Where the run goes; disabled runs the command without recording anything [default: offline]'
            cand --dir 'Directory in which wandb/ is made [default: the current one]'
            cand --stats-interval 'Seconds between two samples of system metrics [default: 15]'
            cand --kill-after 'Kill the command if it runs on for this long after a signal to end [default: never]'
            cand --summary-json 'Write id, directory, exit code and summary to a file as JSON'
            cand --metric 'Take a metric where REGEX matches: its first group is the value (can be repeated)'
            cand --pattern 'Take a row where REGEX matches: its named groups, like (?P<step>\d+) and (?P<f1>\S+), are counters and metrics (can be repeated)'
            cand --include 'Keep only metrics whose names match GLOB (can be repeated)'
            cand --ignore 'Leave out metrics whose names match GLOB (can be repeated)'
            cand --rank 'Whose lines count if several ranks print; with all, others are named rank<N>/… [default: 0]'
            cand --no-args-config 'Do not take config from the command''s arguments'
            cand --save-code 'Record the script and the git diff'
            cand --no-git 'Do not look for a git repository'
            cand --no-parse 'Do not search the output for metrics'
            cand --parse 'Search the output for metrics even if the script logs through the SDK'
            cand --no-stats 'Do not sample system metrics'
            cand --no-unbuffered 'Do not set PYTHONUNBUFFERED=1 for the command'
            cand --dry-run 'Show what would be run and recorded, and do nothing'
            cand -q 'Print only where the run is stored'
            cand --quiet 'Print only where the run is stored'
            cand --silent 'Print nothing'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'wandb-rs;log'= {
            cand --step 'Step of the row; rows of the same step are joined [default: the next one]'
            cand --commit 'End the row, so that the next values begin a new one'
            cand --no-commit 'Keep the row open for more values'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'wandb-rs;config'= {
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'wandb-rs;summary'= {
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'wandb-rs;define-metric'= {
            cand --step-metric 'Metric on its x axis'
            cand --summary 'What the summary holds: min, max, mean, last, first, none (separated by commas) [default: the latest value]'
            cand --hidden 'Hide it in automatic charts'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'wandb-rs;alert'= {
            cand --level 'How serious it is'
            cand --wait 'Seconds before an alert of this title is sent again'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'wandb-rs;save'= {
            cand --policy 'When a file is uploaded: at once (a copy is taken), at the end, or whenever it changes'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'wandb-rs;info'= {
            cand --json 'Print JSON'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'wandb-rs;parse'= {
            cand --format 'How the rows are printed [default: table at a terminal, else jsonl]'
            cand --metric 'Take a metric where REGEX matches: its first group is the value (can be repeated)'
            cand --pattern 'Take a row where REGEX matches: its named groups, like (?P<step>\d+) and (?P<f1>\S+), are counters and metrics (can be repeated)'
            cand --include 'Keep only metrics whose names match GLOB (can be repeated)'
            cand --ignore 'Leave out metrics whose names match GLOB (can be repeated)'
            cand --rank 'Whose lines count if several ranks print; with all, others are named rank<N>/… [default: 0]'
            cand --explain 'Say which line gave which row by which rule, and why other lines gave none'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'wandb-rs;import-log'= {
            cand -p 'Project of the run [default: name of the git repository, else uncategorized]'
            cand --project 'Project of the run [default: name of the git repository, else uncategorized]'
            cand -e 'User or team that owns the run'
            cand --entity 'User or team that owns the run'
            cand -n 'Display name of the run [default: two words and a number]'
            cand --name 'Display name of the run [default: two words and a number]'
            cand --id 'Id of the run [default: eight random characters]'
            cand -g 'Group of runs that this one belongs to'
            cand --group 'Group of runs that this one belongs to'
            cand --job-type 'Kind of work, like train or eval'
            cand -t 'Tags, separated by commas (can be repeated)'
            cand --tags 'Tags, separated by commas (can be repeated)'
            cand --tag 'Tags, separated by commas (can be repeated)'
            cand --notes 'Notes about the run'
            cand -c 'Config value, like lr=0.1 or optimizer.name=adam (can be repeated)'
            cand --config 'Config value, like lr=0.1 or optimizer.name=adam (can be repeated)'
            cand --config-file 'YAML or JSON file of config values (can be repeated)'
            cand --dir 'Directory in which wandb/ is made [default: the current one]'
            cand --exit-code 'Exit code that the script ended with'
            cand --metric 'Take a metric where REGEX matches: its first group is the value (can be repeated)'
            cand --pattern 'Take a row where REGEX matches: its named groups, like (?P<step>\d+) and (?P<f1>\S+), are counters and metrics (can be repeated)'
            cand --include 'Keep only metrics whose names match GLOB (can be repeated)'
            cand --ignore 'Leave out metrics whose names match GLOB (can be repeated)'
            cand --rank 'Whose lines count if several ranks print; with all, others are named rank<N>/… [default: 0]'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'wandb-rs;service'= {
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
            cand start 'Start the service, unless it runs, and print the value for `WANDB_SERVICE`'
            cand status 'Tell whether the service runs'
            cand stop 'End the service; runs that are open are brought to the disk'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'wandb-rs;service;start'= {
            cand --idle-timeout 'End when nobody has been connected for this many seconds; 0 is never'
            cand --foreground 'Stay in the foreground'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'wandb-rs;service;status'= {
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'wandb-rs;service;stop'= {
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'wandb-rs;service;help'= {
            cand start 'Start the service, unless it runs, and print the value for `WANDB_SERVICE`'
            cand status 'Tell whether the service runs'
            cand stop 'End the service; runs that are open are brought to the disk'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'wandb-rs;service;help;start'= {
        }
        &'wandb-rs;service;help;status'= {
        }
        &'wandb-rs;service;help;stop'= {
        }
        &'wandb-rs;service;help;help'= {
        }
        &'wandb-rs;sync'= {
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'wandb-rs;completions'= {
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'wandb-rs;help'= {
            cand run 'Run a command and record it as a W&B run'
            cand log 'Log metrics to the run that this script is part of'
            cand config 'Add config values to the run that this script is part of'
            cand summary 'Set summary values of the run that this script is part of'
            cand define-metric 'Say how a metric is plotted and summarised'
            cand alert 'Send an alert from the run that this script is part of'
            cand save 'Put files into the run that this script is part of'
            cand info 'Tell the id, name and directory of the run that this script is part of'
            cand parse 'Show the metrics that would be found in a saved log'
            cand import-log 'Make a run from a saved training log'
            cand service 'Record runs of notebooks and long sessions without a wrapper'
            cand sync 'Upload runs with the official client'
            cand completions 'Print a shell''s completion script'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'wandb-rs;help;run'= {
        }
        &'wandb-rs;help;log'= {
        }
        &'wandb-rs;help;config'= {
        }
        &'wandb-rs;help;summary'= {
        }
        &'wandb-rs;help;define-metric'= {
        }
        &'wandb-rs;help;alert'= {
        }
        &'wandb-rs;help;save'= {
        }
        &'wandb-rs;help;info'= {
        }
        &'wandb-rs;help;parse'= {
        }
        &'wandb-rs;help;import-log'= {
        }
        &'wandb-rs;help;service'= {
            cand start 'Start the service, unless it runs, and print the value for `WANDB_SERVICE`'
            cand status 'Tell whether the service runs'
            cand stop 'End the service; runs that are open are brought to the disk'
        }
        &'wandb-rs;help;service;start'= {
        }
        &'wandb-rs;help;service;status'= {
        }
        &'wandb-rs;help;service;stop'= {
        }
        &'wandb-rs;help;sync'= {
        }
        &'wandb-rs;help;completions'= {
        }
        &'wandb-rs;help;help'= {
        }
    ]
    $completions[$command]
}
