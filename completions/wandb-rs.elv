
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
            cand server 'Run a W&B server on this machine: runs go there, and the printed links lead to its pages'
            cand ui 'Show the pages of the server over run directories, in place'
            cand sync 'Upload runs to the server'
            cand login 'Store an API key for a W&B server'
            cand logout 'Remove the API key of a W&B server'
            cand status 'Tell which settings hold here, where they come from, and whether there is a key'
            cand init 'Set the project, entity and mode of the runs of this directory'
            cand online 'Upload the runs of this directory'
            cand offline 'Keep the runs of this directory on this machine'
            cand enabled 'Record the runs of this directory'
            cand disabled 'Do not record the runs of this directory'
            cand ls 'List the runs on this disk, newest first'
            cand show 'Show what a run on this disk is'
            cand inspect 'Print the records of a run''s log'
            cand export 'Write a run''s history to a file of another format'
            cand edit 'Change a run on this disk before it is uploaded'
            cand clean 'Delete runs on this disk that have been uploaded'
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
            cand --mode 'Where the run goes; disabled runs the command without recording anything [default: online if there is an API key for the server, else offline]'
            cand --dir 'Directory in which wandb/ is made [default: the current one]'
            cand --stats-interval 'Seconds between two samples of system metrics [default: 15]'
            cand --finish-timeout 'How long the end of the run waits for its upload; what is left can be synced later [default: as long as it takes]'
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
            cand --requeue 'Go on with the same run when a Slurm job is requeued: its id is made of the job''s'
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
        &'wandb-rs;server'= {
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
            cand start 'Start the server, unless it runs'
            cand status 'Tell whether the server runs, and where'
            cand stop 'End the server; what it has acknowledged is on the disk already'
            cand user 'Add users and keys'
            cand backup 'Copy all data to a new directory, also while the server runs'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'wandb-rs;server;start'= {
            cand --data-dir 'Directory of the server''s data [default: ~/.local/share/wandb-rs/server] [env: `WANDB_RS_SERVER_DIR`]'
            cand --host 'Address to listen on; any but loopback wants --tls-cert and --tls-key'
            cand --port 'Port to listen on; 0 takes a free one'
            cand --tls-cert 'Certificate chain in PEM form'
            cand --tls-key 'Private key in PEM form'
            cand --public-url 'Address under which others reach the server, through a proxy for example'
            cand --allow-host 'Further host name under which the server is reached; may be given several times'
            cand --allow-plain 'Listen on other addresses than loopback without TLS: keys and data cross the network in the open'
            cand --foreground 'Stay in the foreground'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'wandb-rs;server;status'= {
            cand --data-dir 'Directory of the server''s data [default: ~/.local/share/wandb-rs/server] [env: `WANDB_RS_SERVER_DIR`]'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'wandb-rs;server;stop'= {
            cand --data-dir 'Directory of the server''s data [default: ~/.local/share/wandb-rs/server] [env: `WANDB_RS_SERVER_DIR`]'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'wandb-rs;server;user'= {
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
            cand add 'Add a user and print a key'
            cand key 'Print a new key for a user'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'wandb-rs;server;user;add'= {
            cand --data-dir 'Directory of the server''s data [default: ~/.local/share/wandb-rs/server] [env: `WANDB_RS_SERVER_DIR`]'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'wandb-rs;server;user;key'= {
            cand --data-dir 'Directory of the server''s data [default: ~/.local/share/wandb-rs/server] [env: `WANDB_RS_SERVER_DIR`]'
            cand --revoke 'Take all earlier keys and sessions of the user away'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'wandb-rs;server;user;help'= {
            cand add 'Add a user and print a key'
            cand key 'Print a new key for a user'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'wandb-rs;server;user;help;add'= {
        }
        &'wandb-rs;server;user;help;key'= {
        }
        &'wandb-rs;server;user;help;help'= {
        }
        &'wandb-rs;server;backup'= {
            cand --data-dir 'Directory of the server''s data [default: ~/.local/share/wandb-rs/server] [env: `WANDB_RS_SERVER_DIR`]'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'wandb-rs;server;help'= {
            cand start 'Start the server, unless it runs'
            cand status 'Tell whether the server runs, and where'
            cand stop 'End the server; what it has acknowledged is on the disk already'
            cand user 'Add users and keys'
            cand backup 'Copy all data to a new directory, also while the server runs'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'wandb-rs;server;help;start'= {
        }
        &'wandb-rs;server;help;status'= {
        }
        &'wandb-rs;server;help;stop'= {
        }
        &'wandb-rs;server;help;user'= {
            cand add 'Add a user and print a key'
            cand key 'Print a new key for a user'
        }
        &'wandb-rs;server;help;user;add'= {
        }
        &'wandb-rs;server;help;user;key'= {
        }
        &'wandb-rs;server;help;backup'= {
        }
        &'wandb-rs;server;help;help'= {
        }
        &'wandb-rs;ui'= {
            cand --host 'Address to listen on'
            cand --port 'Port to listen on [default: a free one]'
            cand --allow-host 'Further host name under which the pages are reached; may be given several times'
            cand --allow-plain 'Listen on other addresses than loopback'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'wandb-rs;sync'= {
            cand -p 'Upload to this project'
            cand --project 'Upload to this project'
            cand -e 'Upload to this user or team'
            cand --entity 'Upload to this user or team'
            cand --id 'Upload as the run of this id'
            cand --name 'Display name'
            cand --notes 'Notes'
            cand --tags 'Tags to add, separated by commas (can be repeated)'
            cand --tag 'Tags to add, separated by commas (can be repeated)'
            cand --replace-tags 'Tags to replace: old=new, separated by commas; old= removes one'
            cand --job-type 'Kind of work, like train or eval'
            cand -c 'Config value, like lr=0.1 or optimizer.name=adam (can be repeated)'
            cand --config 'Config value, like lr=0.1 or optimizer.name=adam (can be repeated)'
            cand -n 'Runs to upload at once'
            cand --parallel 'Runs to upload at once'
            cand -y 'Do not ask before uploading what was found'
            cand --yes 'Do not ask before uploading what was found'
            cand --sync-all 'Do not ask before uploading what was found'
            cand --include-synced 'Upload runs that have been synced before, too'
            cand --skip-synced 'Leave out runs that have been synced before'
            cand --include-online 'Upload runs that were online, too'
            cand --skip-online 'Leave out runs that were online'
            cand --dry-run 'Show what would be uploaded, and do nothing'
            cand --live 'Upload runs while they are written, and new ones as they come, until interrupted'
            cand --follow 'Upload runs while they are written, and new ones as they come, until interrupted'
            cand --verify 'Compare what the server has with the log afterwards'
            cand --json 'Print a JSON object for each run on stdout'
            cand -v 'List all runs, however many there are'
            cand --verbose 'List all runs, however many there are'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'wandb-rs;login'= {
            cand --host 'Log in to this server, and use it from now on'
            cand --base-url 'Log in to this server, and use it from now on'
            cand --cloud 'Log in to the public cloud, and use it from now on'
            cand --local 'Log in to the server that `wandb-rs server start` runs on this machine, with its first key'
            cand --relogin 'Ask for a key even if there is one'
            cand --verify 'Check the key with the server before it is stored; this is the default'
            cand --no-verify 'Do not check the key with the server'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'wandb-rs;logout'= {
            cand --host 'The server [default: the one that is in use]'
            cand --base-url 'The server [default: the one that is in use]'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'wandb-rs;status'= {
            cand --json 'Print JSON'
            cand --settings 'Show the settings; this is the default'
            cand --no-settings 'Leave the settings out'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'wandb-rs;init'= {
            cand -p 'Project'
            cand --project 'Project'
            cand -e 'User or team that owns the runs'
            cand --entity 'User or team that owns the runs'
            cand -m 'Mode of the runs'
            cand --mode 'Mode of the runs'
            cand --reset 'Forget project, entity and mode first'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'wandb-rs;online'= {
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'wandb-rs;offline'= {
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'wandb-rs;enabled'= {
            cand --service 'No effect'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'wandb-rs;disabled'= {
            cand --service 'No effect'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'wandb-rs;ls'= {
            cand --json 'Print all that the logs say, one JSON object a run'
            cand --all 'List all runs, not only the 20 newest'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'wandb-rs;show'= {
            cand --json 'Print JSON'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'wandb-rs;inspect'= {
            cand --json 'Print one JSON object a record, in the words of `wandb leet inspect --json`; a field that is not known is named by its number in `_unknown_fields`'
            cand --summary 'Print what the records say together: state, summary and config'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'wandb-rs;export'= {
            cand --format 'Format of the output'
            cand -o 'Where to write it [default: stdout]'
            cand --output 'Where to write it [default: stdout]'
            cand --keys 'Only these columns behind _step, in this order, and only rows that have one of them'
            cand --stream 'What is exported: the logged rows, the system metrics, or the lines of the console'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'wandb-rs;edit'= {
            cand --name 'Name'
            cand --notes 'Notes; empty takes them away'
            cand --tags 'Tags in place of those that it has, separated by commas; empty takes all away'
            cand --project 'Project'
            cand --entity 'Team or user'
            cand --group 'Group'
            cand --job-type 'Job type'
            cand --config 'Config value (can be repeated)'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'wandb-rs;clean'= {
            cand --min-hours 'Only runs that were made at least this many hours ago'
            cand --keep 'Keep the N newest runs'
            cand --max-size 'Only as many runs, the oldest first, as bring all runs together below this size, like 500MB or 2G'
            cand --include-unsynced 'Also runs that were not uploaded: what they hold is lost'
            cand --force 'Do not ask'
            cand --dry-run 'Say what would be deleted, and delete nothing'
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
            cand server 'Run a W&B server on this machine: runs go there, and the printed links lead to its pages'
            cand ui 'Show the pages of the server over run directories, in place'
            cand sync 'Upload runs to the server'
            cand login 'Store an API key for a W&B server'
            cand logout 'Remove the API key of a W&B server'
            cand status 'Tell which settings hold here, where they come from, and whether there is a key'
            cand init 'Set the project, entity and mode of the runs of this directory'
            cand online 'Upload the runs of this directory'
            cand offline 'Keep the runs of this directory on this machine'
            cand enabled 'Record the runs of this directory'
            cand disabled 'Do not record the runs of this directory'
            cand ls 'List the runs on this disk, newest first'
            cand show 'Show what a run on this disk is'
            cand inspect 'Print the records of a run''s log'
            cand export 'Write a run''s history to a file of another format'
            cand edit 'Change a run on this disk before it is uploaded'
            cand clean 'Delete runs on this disk that have been uploaded'
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
        &'wandb-rs;help;server'= {
            cand start 'Start the server, unless it runs'
            cand status 'Tell whether the server runs, and where'
            cand stop 'End the server; what it has acknowledged is on the disk already'
            cand user 'Add users and keys'
            cand backup 'Copy all data to a new directory, also while the server runs'
        }
        &'wandb-rs;help;server;start'= {
        }
        &'wandb-rs;help;server;status'= {
        }
        &'wandb-rs;help;server;stop'= {
        }
        &'wandb-rs;help;server;user'= {
            cand add 'Add a user and print a key'
            cand key 'Print a new key for a user'
        }
        &'wandb-rs;help;server;user;add'= {
        }
        &'wandb-rs;help;server;user;key'= {
        }
        &'wandb-rs;help;server;backup'= {
        }
        &'wandb-rs;help;ui'= {
        }
        &'wandb-rs;help;sync'= {
        }
        &'wandb-rs;help;login'= {
        }
        &'wandb-rs;help;logout'= {
        }
        &'wandb-rs;help;status'= {
        }
        &'wandb-rs;help;init'= {
        }
        &'wandb-rs;help;online'= {
        }
        &'wandb-rs;help;offline'= {
        }
        &'wandb-rs;help;enabled'= {
        }
        &'wandb-rs;help;disabled'= {
        }
        &'wandb-rs;help;ls'= {
        }
        &'wandb-rs;help;show'= {
        }
        &'wandb-rs;help;inspect'= {
        }
        &'wandb-rs;help;export'= {
        }
        &'wandb-rs;help;edit'= {
        }
        &'wandb-rs;help;clean'= {
        }
        &'wandb-rs;help;completions'= {
        }
        &'wandb-rs;help;help'= {
        }
    ]
    $completions[$command]
}
