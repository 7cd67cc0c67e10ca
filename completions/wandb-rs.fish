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
complete -c wandb-rs -n "__fish_wandb_rs_needs_command" -f -a "server" -d 'Run a W&B server on this machine: runs go there, and the printed links lead to its pages'
complete -c wandb-rs -n "__fish_wandb_rs_needs_command" -f -a "ui" -d 'Show the pages of the server over run directories, in place'
complete -c wandb-rs -n "__fish_wandb_rs_needs_command" -f -a "sync" -d 'Upload runs to the server'
complete -c wandb-rs -n "__fish_wandb_rs_needs_command" -f -a "login" -d 'Store an API key for a W&B server'
complete -c wandb-rs -n "__fish_wandb_rs_needs_command" -f -a "logout" -d 'Remove the API key of a W&B server'
complete -c wandb-rs -n "__fish_wandb_rs_needs_command" -f -a "status" -d 'Tell which settings hold here, where they come from, and whether there is a key'
complete -c wandb-rs -n "__fish_wandb_rs_needs_command" -f -a "init" -d 'Set the project, entity and mode of the runs of this directory'
complete -c wandb-rs -n "__fish_wandb_rs_needs_command" -f -a "online" -d 'Upload the runs of this directory'
complete -c wandb-rs -n "__fish_wandb_rs_needs_command" -f -a "offline" -d 'Keep the runs of this directory on this machine'
complete -c wandb-rs -n "__fish_wandb_rs_needs_command" -f -a "enabled" -d 'Record the runs of this directory'
complete -c wandb-rs -n "__fish_wandb_rs_needs_command" -f -a "disabled" -d 'Do not record the runs of this directory'
complete -c wandb-rs -n "__fish_wandb_rs_needs_command" -f -a "ls" -d 'List the runs on this disk, newest first'
complete -c wandb-rs -n "__fish_wandb_rs_needs_command" -f -a "show" -d 'Show what a run on this disk is'
complete -c wandb-rs -n "__fish_wandb_rs_needs_command" -f -a "inspect" -d 'Print the records of a run\'s log'
complete -c wandb-rs -n "__fish_wandb_rs_needs_command" -f -a "export" -d 'Write a run\'s history to a file of another format'
complete -c wandb-rs -n "__fish_wandb_rs_needs_command" -f -a "edit" -d 'Change a run on this disk before it is uploaded'
complete -c wandb-rs -n "__fish_wandb_rs_needs_command" -f -a "clean" -d 'Delete runs on this disk that have been uploaded'
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
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand run" -l mode -d 'Where the run goes; disabled runs the command without recording anything [default: online if there is an API key for the server, else offline]' -r -f -a "online\t''
offline\t''
disabled\t''"
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand run" -l dir -d 'Directory in which wandb/ is made [default: the current one]' -r -f -a "(__fish_complete_directories)"
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand run" -l stats-interval -d 'Seconds between two samples of system metrics [default: 15]' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand run" -l finish-timeout -d 'How long the end of the run waits for its upload; what is left can be synced later [default: as long as it takes]' -r
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
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand run" -l requeue -d 'Go on with the same run when a Slurm job is requeued: its id is made of the job\'s'
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
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand server; and not __fish_seen_subcommand_from start status stop user backup help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand server; and not __fish_seen_subcommand_from start status stop user backup help" -s V -l version -d 'Print version'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand server; and not __fish_seen_subcommand_from start status stop user backup help" -f -a "start" -d 'Start the server, unless it runs'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand server; and not __fish_seen_subcommand_from start status stop user backup help" -f -a "status" -d 'Tell whether the server runs, and where'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand server; and not __fish_seen_subcommand_from start status stop user backup help" -f -a "stop" -d 'End the server; what it has acknowledged is on the disk already'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand server; and not __fish_seen_subcommand_from start status stop user backup help" -f -a "user" -d 'Add users and keys'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand server; and not __fish_seen_subcommand_from start status stop user backup help" -f -a "backup" -d 'Copy all data to a new directory, also while the server runs'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand server; and not __fish_seen_subcommand_from start status stop user backup help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand server; and __fish_seen_subcommand_from start" -l data-dir -d 'Directory of the server\'s data [default: ~/.local/share/wandb-rs/server] [env: `WANDB_RS_SERVER_DIR`]' -r -f -a "(__fish_complete_directories)"
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand server; and __fish_seen_subcommand_from start" -l host -d 'Address to listen on; any but loopback wants --tls-cert and --tls-key' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand server; and __fish_seen_subcommand_from start" -l port -d 'Port to listen on; 0 takes a free one' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand server; and __fish_seen_subcommand_from start" -l tls-cert -d 'Certificate chain in PEM form' -r -F
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand server; and __fish_seen_subcommand_from start" -l tls-key -d 'Private key in PEM form' -r -F
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand server; and __fish_seen_subcommand_from start" -l public-url -d 'Address under which others reach the server, through a proxy for example' -r -f
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand server; and __fish_seen_subcommand_from start" -l allow-host -d 'Further host name under which the server is reached; may be given several times' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand server; and __fish_seen_subcommand_from start" -l allow-plain -d 'Listen on other addresses than loopback without TLS: keys and data cross the network in the open'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand server; and __fish_seen_subcommand_from start" -l foreground -d 'Stay in the foreground'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand server; and __fish_seen_subcommand_from start" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand server; and __fish_seen_subcommand_from start" -s V -l version -d 'Print version'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand server; and __fish_seen_subcommand_from status" -l data-dir -d 'Directory of the server\'s data [default: ~/.local/share/wandb-rs/server] [env: `WANDB_RS_SERVER_DIR`]' -r -f -a "(__fish_complete_directories)"
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand server; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand server; and __fish_seen_subcommand_from status" -s V -l version -d 'Print version'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand server; and __fish_seen_subcommand_from stop" -l data-dir -d 'Directory of the server\'s data [default: ~/.local/share/wandb-rs/server] [env: `WANDB_RS_SERVER_DIR`]' -r -f -a "(__fish_complete_directories)"
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand server; and __fish_seen_subcommand_from stop" -s h -l help -d 'Print help'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand server; and __fish_seen_subcommand_from stop" -s V -l version -d 'Print version'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand server; and __fish_seen_subcommand_from user" -s h -l help -d 'Print help'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand server; and __fish_seen_subcommand_from user" -s V -l version -d 'Print version'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand server; and __fish_seen_subcommand_from user" -f -a "add" -d 'Add a user and print a key'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand server; and __fish_seen_subcommand_from user" -f -a "key" -d 'Print a new key for a user'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand server; and __fish_seen_subcommand_from user" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand server; and __fish_seen_subcommand_from backup" -l data-dir -d 'Directory of the server\'s data [default: ~/.local/share/wandb-rs/server] [env: `WANDB_RS_SERVER_DIR`]' -r -f -a "(__fish_complete_directories)"
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand server; and __fish_seen_subcommand_from backup" -s h -l help -d 'Print help'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand server; and __fish_seen_subcommand_from backup" -s V -l version -d 'Print version'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand server; and __fish_seen_subcommand_from help" -f -a "start" -d 'Start the server, unless it runs'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand server; and __fish_seen_subcommand_from help" -f -a "status" -d 'Tell whether the server runs, and where'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand server; and __fish_seen_subcommand_from help" -f -a "stop" -d 'End the server; what it has acknowledged is on the disk already'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand server; and __fish_seen_subcommand_from help" -f -a "user" -d 'Add users and keys'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand server; and __fish_seen_subcommand_from help" -f -a "backup" -d 'Copy all data to a new directory, also while the server runs'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand server; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand ui" -l host -d 'Address to listen on' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand ui" -l port -d 'Port to listen on [default: a free one]' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand ui" -l allow-host -d 'Further host name under which the pages are reached; may be given several times' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand ui" -l allow-plain -d 'Listen on other addresses than loopback'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand ui" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand ui" -s V -l version -d 'Print version'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand sync" -s p -l project -d 'Upload to this project' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand sync" -s e -l entity -d 'Upload to this user or team' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand sync" -l id -d 'Upload as the run of this id' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand sync" -l name -d 'Display name' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand sync" -l notes -d 'Notes' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand sync" -l tags -l tag -d 'Tags to add, separated by commas (can be repeated)' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand sync" -l replace-tags -d 'Tags to replace: old=new, separated by commas; old= removes one' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand sync" -l job-type -d 'Kind of work, like train or eval' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand sync" -s c -l config -d 'Config value, like lr=0.1 or optimizer.name=adam (can be repeated)' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand sync" -s n -l parallel -d 'Runs to upload at once' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand sync" -s y -l yes -l sync-all -d 'Do not ask before uploading what was found'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand sync" -l include-synced -d 'Upload runs that have been synced before, too'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand sync" -l skip-synced -d 'Leave out runs that have been synced before'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand sync" -l include-online -d 'Upload runs that were online, too'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand sync" -l skip-online -d 'Leave out runs that were online'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand sync" -l dry-run -d 'Show what would be uploaded, and do nothing'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand sync" -l live -l follow -d 'Upload runs while they are written, and new ones as they come, until interrupted'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand sync" -l verify -d 'Compare what the server has with the log afterwards'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand sync" -l json -d 'Print a JSON object for each run on stdout'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand sync" -s v -l verbose -d 'List all runs, however many there are'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand sync" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand sync" -s V -l version -d 'Print version'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand login" -l host -l base-url -d 'Log in to this server, and use it from now on' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand login" -l cloud -d 'Log in to the public cloud, and use it from now on'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand login" -l local -d 'Log in to the server that `wandb-rs server start` runs on this machine, with its first key'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand login" -l relogin -d 'Ask for a key even if there is one'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand login" -l verify -d 'Check the key with the server before it is stored; this is the default'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand login" -l no-verify -d 'Do not check the key with the server'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand login" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand login" -s V -l version -d 'Print version'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand logout" -l host -l base-url -d 'The server [default: the one that is in use]' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand logout" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand logout" -s V -l version -d 'Print version'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand status" -l json -d 'Print JSON'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand status" -l settings -d 'Show the settings; this is the default'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand status" -l no-settings -d 'Leave the settings out'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand status" -s h -l help -d 'Print help'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand status" -s V -l version -d 'Print version'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand init" -s p -l project -d 'Project' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand init" -s e -l entity -d 'User or team that owns the runs' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand init" -s m -l mode -d 'Mode of the runs' -r -f -a "online\t''
offline\t''
disabled\t''"
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand init" -l reset -d 'Forget project, entity and mode first'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand init" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand init" -s V -l version -d 'Print version'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand online" -s h -l help -d 'Print help'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand online" -s V -l version -d 'Print version'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand offline" -s h -l help -d 'Print help'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand offline" -s V -l version -d 'Print version'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand enabled" -l service -d 'No effect'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand enabled" -s h -l help -d 'Print help'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand enabled" -s V -l version -d 'Print version'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand disabled" -l service -d 'No effect'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand disabled" -s h -l help -d 'Print help'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand disabled" -s V -l version -d 'Print version'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand ls" -l json -d 'Print all that the logs say, one JSON object a run'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand ls" -l all -d 'List all runs, not only the 20 newest'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand ls" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand ls" -s V -l version -d 'Print version'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand show" -l json -d 'Print JSON'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand show" -s V -l version -d 'Print version'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand inspect" -l json -d 'Print one JSON object a record, in the words of `wandb leet inspect --json`; a field that is not known is named by its number in `_unknown_fields`'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand inspect" -l summary -d 'Print what the records say together: state, summary and config'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand inspect" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand inspect" -s V -l version -d 'Print version'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand export" -l format -d 'Format of the output' -r -f -a "jsonl\t'One object a line'
csv\t'A column for each name'
parquet\t'Columns of int64, double, bool or text, compressed with zstd'"
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand export" -s o -l output -d 'Where to write it [default: stdout]' -r -F
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand export" -l keys -d 'Only these columns behind _step, in this order, and only rows that have one of them' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand export" -l stream -d 'What is exported: the logged rows, the system metrics, or the lines of the console' -r -f -a "history\t''
events\t''
console\t''"
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand export" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand export" -s V -l version -d 'Print version'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand edit" -l name -d 'Name' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand edit" -l notes -d 'Notes; empty takes them away' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand edit" -l tags -d 'Tags in place of those that it has, separated by commas; empty takes all away' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand edit" -l project -d 'Project' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand edit" -l entity -d 'Team or user' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand edit" -l group -d 'Group' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand edit" -l job-type -d 'Job type' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand edit" -l config -d 'Config value (can be repeated)' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand edit" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand edit" -s V -l version -d 'Print version'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand clean" -l min-hours -d 'Only runs that were made at least this many hours ago' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand clean" -l keep -d 'Keep the N newest runs' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand clean" -l max-size -d 'Only as many runs, the oldest first, as bring all runs together below this size, like 500MB or 2G' -r
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand clean" -l include-unsynced -d 'Also runs that were not uploaded: what they hold is lost'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand clean" -l force -d 'Do not ask'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand clean" -l dry-run -d 'Say what would be deleted, and delete nothing'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand clean" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand clean" -s V -l version -d 'Print version'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand completions" -s h -l help -d 'Print help'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand completions" -s V -l version -d 'Print version'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand help; and not __fish_seen_subcommand_from run log config summary define-metric alert save info parse import-log service server ui sync login logout status init online offline enabled disabled ls show inspect export edit clean completions help" -f -a "run" -d 'Run a command and record it as a W&B run'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand help; and not __fish_seen_subcommand_from run log config summary define-metric alert save info parse import-log service server ui sync login logout status init online offline enabled disabled ls show inspect export edit clean completions help" -f -a "log" -d 'Log metrics to the run that this script is part of'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand help; and not __fish_seen_subcommand_from run log config summary define-metric alert save info parse import-log service server ui sync login logout status init online offline enabled disabled ls show inspect export edit clean completions help" -f -a "config" -d 'Add config values to the run that this script is part of'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand help; and not __fish_seen_subcommand_from run log config summary define-metric alert save info parse import-log service server ui sync login logout status init online offline enabled disabled ls show inspect export edit clean completions help" -f -a "summary" -d 'Set summary values of the run that this script is part of'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand help; and not __fish_seen_subcommand_from run log config summary define-metric alert save info parse import-log service server ui sync login logout status init online offline enabled disabled ls show inspect export edit clean completions help" -f -a "define-metric" -d 'Say how a metric is plotted and summarised'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand help; and not __fish_seen_subcommand_from run log config summary define-metric alert save info parse import-log service server ui sync login logout status init online offline enabled disabled ls show inspect export edit clean completions help" -f -a "alert" -d 'Send an alert from the run that this script is part of'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand help; and not __fish_seen_subcommand_from run log config summary define-metric alert save info parse import-log service server ui sync login logout status init online offline enabled disabled ls show inspect export edit clean completions help" -f -a "save" -d 'Put files into the run that this script is part of'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand help; and not __fish_seen_subcommand_from run log config summary define-metric alert save info parse import-log service server ui sync login logout status init online offline enabled disabled ls show inspect export edit clean completions help" -f -a "info" -d 'Tell the id, name and directory of the run that this script is part of'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand help; and not __fish_seen_subcommand_from run log config summary define-metric alert save info parse import-log service server ui sync login logout status init online offline enabled disabled ls show inspect export edit clean completions help" -f -a "parse" -d 'Show the metrics that would be found in a saved log'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand help; and not __fish_seen_subcommand_from run log config summary define-metric alert save info parse import-log service server ui sync login logout status init online offline enabled disabled ls show inspect export edit clean completions help" -f -a "import-log" -d 'Make a run from a saved training log'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand help; and not __fish_seen_subcommand_from run log config summary define-metric alert save info parse import-log service server ui sync login logout status init online offline enabled disabled ls show inspect export edit clean completions help" -f -a "service" -d 'Record runs of notebooks and long sessions without a wrapper'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand help; and not __fish_seen_subcommand_from run log config summary define-metric alert save info parse import-log service server ui sync login logout status init online offline enabled disabled ls show inspect export edit clean completions help" -f -a "server" -d 'Run a W&B server on this machine: runs go there, and the printed links lead to its pages'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand help; and not __fish_seen_subcommand_from run log config summary define-metric alert save info parse import-log service server ui sync login logout status init online offline enabled disabled ls show inspect export edit clean completions help" -f -a "ui" -d 'Show the pages of the server over run directories, in place'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand help; and not __fish_seen_subcommand_from run log config summary define-metric alert save info parse import-log service server ui sync login logout status init online offline enabled disabled ls show inspect export edit clean completions help" -f -a "sync" -d 'Upload runs to the server'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand help; and not __fish_seen_subcommand_from run log config summary define-metric alert save info parse import-log service server ui sync login logout status init online offline enabled disabled ls show inspect export edit clean completions help" -f -a "login" -d 'Store an API key for a W&B server'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand help; and not __fish_seen_subcommand_from run log config summary define-metric alert save info parse import-log service server ui sync login logout status init online offline enabled disabled ls show inspect export edit clean completions help" -f -a "logout" -d 'Remove the API key of a W&B server'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand help; and not __fish_seen_subcommand_from run log config summary define-metric alert save info parse import-log service server ui sync login logout status init online offline enabled disabled ls show inspect export edit clean completions help" -f -a "status" -d 'Tell which settings hold here, where they come from, and whether there is a key'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand help; and not __fish_seen_subcommand_from run log config summary define-metric alert save info parse import-log service server ui sync login logout status init online offline enabled disabled ls show inspect export edit clean completions help" -f -a "init" -d 'Set the project, entity and mode of the runs of this directory'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand help; and not __fish_seen_subcommand_from run log config summary define-metric alert save info parse import-log service server ui sync login logout status init online offline enabled disabled ls show inspect export edit clean completions help" -f -a "online" -d 'Upload the runs of this directory'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand help; and not __fish_seen_subcommand_from run log config summary define-metric alert save info parse import-log service server ui sync login logout status init online offline enabled disabled ls show inspect export edit clean completions help" -f -a "offline" -d 'Keep the runs of this directory on this machine'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand help; and not __fish_seen_subcommand_from run log config summary define-metric alert save info parse import-log service server ui sync login logout status init online offline enabled disabled ls show inspect export edit clean completions help" -f -a "enabled" -d 'Record the runs of this directory'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand help; and not __fish_seen_subcommand_from run log config summary define-metric alert save info parse import-log service server ui sync login logout status init online offline enabled disabled ls show inspect export edit clean completions help" -f -a "disabled" -d 'Do not record the runs of this directory'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand help; and not __fish_seen_subcommand_from run log config summary define-metric alert save info parse import-log service server ui sync login logout status init online offline enabled disabled ls show inspect export edit clean completions help" -f -a "ls" -d 'List the runs on this disk, newest first'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand help; and not __fish_seen_subcommand_from run log config summary define-metric alert save info parse import-log service server ui sync login logout status init online offline enabled disabled ls show inspect export edit clean completions help" -f -a "show" -d 'Show what a run on this disk is'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand help; and not __fish_seen_subcommand_from run log config summary define-metric alert save info parse import-log service server ui sync login logout status init online offline enabled disabled ls show inspect export edit clean completions help" -f -a "inspect" -d 'Print the records of a run\'s log'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand help; and not __fish_seen_subcommand_from run log config summary define-metric alert save info parse import-log service server ui sync login logout status init online offline enabled disabled ls show inspect export edit clean completions help" -f -a "export" -d 'Write a run\'s history to a file of another format'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand help; and not __fish_seen_subcommand_from run log config summary define-metric alert save info parse import-log service server ui sync login logout status init online offline enabled disabled ls show inspect export edit clean completions help" -f -a "edit" -d 'Change a run on this disk before it is uploaded'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand help; and not __fish_seen_subcommand_from run log config summary define-metric alert save info parse import-log service server ui sync login logout status init online offline enabled disabled ls show inspect export edit clean completions help" -f -a "clean" -d 'Delete runs on this disk that have been uploaded'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand help; and not __fish_seen_subcommand_from run log config summary define-metric alert save info parse import-log service server ui sync login logout status init online offline enabled disabled ls show inspect export edit clean completions help" -f -a "completions" -d 'Print a shell\'s completion script'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand help; and not __fish_seen_subcommand_from run log config summary define-metric alert save info parse import-log service server ui sync login logout status init online offline enabled disabled ls show inspect export edit clean completions help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand help; and __fish_seen_subcommand_from service" -f -a "start" -d 'Start the service, unless it runs, and print the value for `WANDB_SERVICE`'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand help; and __fish_seen_subcommand_from service" -f -a "status" -d 'Tell whether the service runs'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand help; and __fish_seen_subcommand_from service" -f -a "stop" -d 'End the service; runs that are open are brought to the disk'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand help; and __fish_seen_subcommand_from server" -f -a "start" -d 'Start the server, unless it runs'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand help; and __fish_seen_subcommand_from server" -f -a "status" -d 'Tell whether the server runs, and where'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand help; and __fish_seen_subcommand_from server" -f -a "stop" -d 'End the server; what it has acknowledged is on the disk already'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand help; and __fish_seen_subcommand_from server" -f -a "user" -d 'Add users and keys'
complete -c wandb-rs -n "__fish_wandb_rs_using_subcommand help; and __fish_seen_subcommand_from server" -f -a "backup" -d 'Copy all data to a new directory, also while the server runs'
