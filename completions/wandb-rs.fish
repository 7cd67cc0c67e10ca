# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_wandb_rs_global_optspecs
    string join \n h/help V/version
end

function __fish_wandb_rs_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_wandb_rs_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_wandb_rs_using_subcommand
    set -l cmd (__fish_wandb_rs_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c wandb-rs -n "__fish_wandb_rs_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wandb-rs -n "__fish_wandb_rs_needs_command" -s V -l version -d 'Print version'
complete -c wandb-rs -n "__fish_wandb_rs_needs_command" -f -a "run" -d 'Run a command and record it as a W&B run'
complete -c wandb-rs -n "__fish_wandb_rs_needs_command" -f -a "log" -d 'Log metrics to the run that this script is part of'
complete -c wandb-rs -n "__fish_wandb_rs_needs_command" -f -a "config" -d 'Add config values to the run that this script is part of'
complete -c wandb-rs -n "__fish_wandb_rs_needs_command" -f -a "summary" -d 'Set summary values of the run that this script is part of'
complete -c wandb-rs -n "__fish_wandb_rs_needs_command" -f -a "define-metric" -d 'Say how a metric is plotted and summarised'
complete -c wandb-rs -n "__fish_wandb_rs_needs_command" -f -a "alert" -d 'Send an alert from the run that this script is part of'
complete -c wandb-rs -n "__fish_wandb_rs_needs_command" -f -a "save" -d 'Put files into the run that this script is part of'
complete -c wandb-rs -n "__fish_wandb_rs_needs_command" -f -a "info" -d 'Tell the id, name and directory of the run that this script is part of'
complete -c wandb-rs -n "__fish_wandb_rs_needs_command" -f -a "parse" -d 'Show the metrics that would be found in a saved log'
complete -c wandb-rs -n "__fish_wandb_rs_needs_command" -f -a "import-log" -d 'Make a run from a saved training log'
complete -c wandb-rs -n "__fish_wandb_rs_needs_command" -f -a "service" -d 'Record runs of notebooks and long sessions without a wrapper'
complete -c wandb-rs -n "__fish_wandb_rs_needs_command" -f -a "sync" -d 'Upload runs with the official client'
complete -c wandb-rs -n "__fish_wandb_rs_needs_command" -f -a "completions" -d 'Print a shell\'s completion script'
complete -c wandb-rs -n "__fish_wandb_rs_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand run" -s p -l project -d 'Project of the run [default: name of the git repository, else uncategorized]' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand run" -s e -l entity -d 'User or team that owns the run' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand run" -s n -l name -d 'Display name of the run [default: two words and a number]' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand run" -l id -d 'Id of the run [default: eight random characters]' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand run" -s g -l group -d 'Group of runs that this one belongs to' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand run" -l job-type -d 'Kind of work, like train or eval' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand run" -s t -l tags -l tag -d 'Tags, separated by commas (can be repeated)' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand run" -l notes -d 'Notes about the run' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand run" -l resume -d 'What happens if the id exists on the server' -r -f -a "allow\t''
must\t''
never\t''
auto\t''"
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand run" -l resume-from -d 'Go on with a run from an earlier step' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand run" -l fork-from -d 'Begin as a copy of another run up to a step' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand run" -s c -l config -d 'Config value, like lr=0.1 or optimizer.name=adam (can be repeated)' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand run" -l config-file -d 'YAML or JSON file of config values (can be repeated)' -r -F
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand run" -l mode -d 'Where the run goes; disabled runs the command without recording anything [default: offline]' -r -f -a "online\t''
offline\t''
disabled\t''"
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand run" -l dir -d 'Directory in which wandb/ is made [default: the current one]' -r -f -a "(__fish_complete_directories)"
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand run" -l stats-interval -d 'Seconds between two samples of system metrics [default: 15]' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand run" -l kill-after -d 'Kill the command if it runs on for this long after a signal to end [default: never]' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand run" -l summary-json -d 'Write id, directory, exit code and summary to a file as JSON' -r -F
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand run" -l metric -d 'Take a metric where REGEX matches: its first group is the value (can be repeated)' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand run" -l pattern -d 'Take a row where REGEX matches: its named groups, like (?P<step>\\d+) and (?P<f1>\\S+), are counters and metrics (can be repeated)' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand run" -l include -d 'Keep only metrics whose names match GLOB (can be repeated)' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand run" -l ignore -d 'Leave out metrics whose names match GLOB (can be repeated)' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand run" -l rank -d 'Whose lines count if several ranks print; with all, others are named rank<N>/… [default: 0]' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand run" -l no-args-config -d 'Do not take config from the command\'s arguments'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand run" -l save-code -d 'Record the script and the git diff'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand run" -l no-git -d 'Do not look for a git repository'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand run" -l no-parse -d 'Do not search the output for metrics'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand run" -l parse -d 'Search the output for metrics even if the script logs through the SDK'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand run" -l no-stats -d 'Do not sample system metrics'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand run" -l no-unbuffered -d 'Do not set PYTHONUNBUFFERED=1 for the command'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand run" -l dry-run -d 'Show what would be run and recorded, and do nothing'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand run" -s q -l quiet -d 'Print only where the run is stored'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand run" -l silent -d 'Print nothing'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand run" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand run" -s V -l version -d 'Print version'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand log" -l step -d 'Step of the row; rows of the same step are joined [default: the next one]' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand log" -l commit -d 'End the row, so that the next values begin a new one'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand log" -l no-commit -d 'Keep the row open for more values'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand log" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand log" -s V -l version -d 'Print version'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand config" -s h -l help -d 'Print help'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand config" -s V -l version -d 'Print version'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand summary" -s h -l help -d 'Print help'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand summary" -s V -l version -d 'Print version'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand define-metric" -l step-metric -d 'Metric on its x axis' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand define-metric" -l summary -d 'What the summary holds: min, max, mean, last, first, none (separated by commas) [default: the latest value]' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand define-metric" -l hidden -d 'Hide it in automatic charts'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand define-metric" -s h -l help -d 'Print help'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand define-metric" -s V -l version -d 'Print version'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand alert" -l level -d 'How serious it is' -r -f -a "info\t''
warn\t''
error\t''"
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand alert" -l wait -d 'Seconds before an alert of this title is sent again' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand alert" -s h -l help -d 'Print help'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand alert" -s V -l version -d 'Print version'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand save" -l policy -d 'When a file is uploaded: at once (a copy is taken), at the end, or whenever it changes' -r -f -a "now\t''
end\t''
live\t''"
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand save" -s h -l help -d 'Print help'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand save" -s V -l version -d 'Print version'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand info" -l json -d 'Print JSON'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand info" -s h -l help -d 'Print help'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand info" -s V -l version -d 'Print version'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand parse" -l format -d 'How the rows are printed [default: table at a terminal, else jsonl]' -r -f -a "jsonl\t'One object a line: {"step", "epoch", "metrics"}'
csv\t'A column for each metric'
table\t'For people'"
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand parse" -l metric -d 'Take a metric where REGEX matches: its first group is the value (can be repeated)' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand parse" -l pattern -d 'Take a row where REGEX matches: its named groups, like (?P<step>\\d+) and (?P<f1>\\S+), are counters and metrics (can be repeated)' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand parse" -l include -d 'Keep only metrics whose names match GLOB (can be repeated)' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand parse" -l ignore -d 'Leave out metrics whose names match GLOB (can be repeated)' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand parse" -l rank -d 'Whose lines count if several ranks print; with all, others are named rank<N>/… [default: 0]' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand parse" -l explain -d 'Say which line gave which row by which rule, and why other lines gave none'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand parse" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand parse" -s V -l version -d 'Print version'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand import-log" -s p -l project -d 'Project of the run [default: name of the git repository, else uncategorized]' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand import-log" -s e -l entity -d 'User or team that owns the run' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand import-log" -s n -l name -d 'Display name of the run [default: two words and a number]' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand import-log" -l id -d 'Id of the run [default: eight random characters]' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand import-log" -s g -l group -d 'Group of runs that this one belongs to' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand import-log" -l job-type -d 'Kind of work, like train or eval' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand import-log" -s t -l tags -l tag -d 'Tags, separated by commas (can be repeated)' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand import-log" -l notes -d 'Notes about the run' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand import-log" -s c -l config -d 'Config value, like lr=0.1 or optimizer.name=adam (can be repeated)' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand import-log" -l config-file -d 'YAML or JSON file of config values (can be repeated)' -r -F
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand import-log" -l dir -d 'Directory in which wandb/ is made [default: the current one]' -r -f -a "(__fish_complete_directories)"
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand import-log" -l exit-code -d 'Exit code that the script ended with' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand import-log" -l metric -d 'Take a metric where REGEX matches: its first group is the value (can be repeated)' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand import-log" -l pattern -d 'Take a row where REGEX matches: its named groups, like (?P<step>\\d+) and (?P<f1>\\S+), are counters and metrics (can be repeated)' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand import-log" -l include -d 'Keep only metrics whose names match GLOB (can be repeated)' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand import-log" -l ignore -d 'Leave out metrics whose names match GLOB (can be repeated)' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand import-log" -l rank -d 'Whose lines count if several ranks print; with all, others are named rank<N>/… [default: 0]' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand import-log" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand import-log" -s V -l version -d 'Print version'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand service; and not __fish_seen_subcommand_from start status stop help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand service; and not __fish_seen_subcommand_from start status stop help" -s V -l version -d 'Print version'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand service; and not __fish_seen_subcommand_from start status stop help" -f -a "start" -d 'Start the service, unless it runs, and print the value for `WANDB_SERVICE`'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand service; and not __fish_seen_subcommand_from start status stop help" -f -a "status" -d 'Tell whether the service runs'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand service; and not __fish_seen_subcommand_from start status stop help" -f -a "stop" -d 'End the service; runs that are open are brought to the disk'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand service; and not __fish_seen_subcommand_from start status stop help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand service; and __fish_seen_subcommand_from start" -l idle-timeout -d 'End when nobody has been connected for this many seconds; 0 is never' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand service; and __fish_seen_subcommand_from start" -l foreground -d 'Stay in the foreground'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand service; and __fish_seen_subcommand_from start" -s h -l help -d 'Print help'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand service; and __fish_seen_subcommand_from start" -s V -l version -d 'Print version'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand service; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand service; and __fish_seen_subcommand_from status" -s V -l version -d 'Print version'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand service; and __fish_seen_subcommand_from stop" -s h -l help -d 'Print help'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand service; and __fish_seen_subcommand_from stop" -s V -l version -d 'Print version'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand service; and __fish_seen_subcommand_from help" -f -a "start" -d 'Start the service, unless it runs, and print the value for `WANDB_SERVICE`'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand service; and __fish_seen_subcommand_from help" -f -a "status" -d 'Tell whether the service runs'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand service; and __fish_seen_subcommand_from help" -f -a "stop" -d 'End the service; runs that are open are brought to the disk'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand service; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand sync" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand sync" -s V -l version -d 'Print version'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand completions" -s h -l help -d 'Print help'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand completions" -s V -l version -d 'Print version'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand help; and not __fish_seen_subcommand_from run log config summary define-metric alert save info parse import-log service sync completions help" -f -a "run" -d 'Run a command and record it as a W&B run'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand help; and not __fish_seen_subcommand_from run log config summary define-metric alert save info parse import-log service sync completions help" -f -a "log" -d 'Log metrics to the run that this script is part of'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand help; and not __fish_seen_subcommand_from run log config summary define-metric alert save info parse import-log service sync completions help" -f -a "config" -d 'Add config values to the run that this script is part of'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand help; and not __fish_seen_subcommand_from run log config summary define-metric alert save info parse import-log service sync completions help" -f -a "summary" -d 'Set summary values of the run that this script is part of'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand help; and not __fish_seen_subcommand_from run log config summary define-metric alert save info parse import-log service sync completions help" -f -a "define-metric" -d 'Say how a metric is plotted and summarised'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand help; and not __fish_seen_subcommand_from run log config summary define-metric alert save info parse import-log service sync completions help" -f -a "alert" -d 'Send an alert from the run that this script is part of'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand help; and not __fish_seen_subcommand_from run log config summary define-metric alert save info parse import-log service sync completions help" -f -a "save" -d 'Put files into the run that this script is part of'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand help; and not __fish_seen_subcommand_from run log config summary define-metric alert save info parse import-log service sync completions help" -f -a "info" -d 'Tell the id, name and directory of the run that this script is part of'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand help; and not __fish_seen_subcommand_from run log config summary define-metric alert save info parse import-log service sync completions help" -f -a "parse" -d 'Show the metrics that would be found in a saved log'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand help; and not __fish_seen_subcommand_from run log config summary define-metric alert save info parse import-log service sync completions help" -f -a "import-log" -d 'Make a run from a saved training log'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand help; and not __fish_seen_subcommand_from run log config summary define-metric alert save info parse import-log service sync completions help" -f -a "service" -d 'Record runs of notebooks and long sessions without a wrapper'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand help; and not __fish_seen_subcommand_from run log config summary define-metric alert save info parse import-log service sync completions help" -f -a "sync" -d 'Upload runs with the official client'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand help; and not __fish_seen_subcommand_from run log config summary define-metric alert save info parse import-log service sync completions help" -f -a "completions" -d 'Print a shell\'s completion script'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand help; and not __fish_seen_subcommand_from run log config summary define-metric alert save info parse import-log service sync completions help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand help; and __fish_seen_subcommand_from service" -f -a "start" -d 'Start the service, unless it runs, and print the value for `WANDB_SERVICE`'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand help; and __fish_seen_subcommand_from service" -f -a "status" -d 'Tell whether the service runs'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand help; and __fish_seen_subcommand_from service" -f -a "stop" -d 'End the service; runs that are open are brought to the disk'
