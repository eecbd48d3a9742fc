# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_second_hand_global_optspecs
    string join \n host= port= chronyd= timeout= allowed-host= refresh= geoip-db= history= history-file= max-error= warn-error= max-stratum= min-sources= probe-allow= base-path= trusted-proxy= basic-auth-file= bearer-token-file= demo log= h/help V/version
end

function __fish_second_hand_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_second_hand_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_second_hand_using_subcommand
    set -l cmd (__fish_second_hand_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c second-hand -n "__fish_second_hand_needs_command" -l host -d 'Address to listen on: an IP address or localhost [env: SECOND_HAND_HOST] [default: 127.0.0.1]' -r -f
complete -c second-hand -n "__fish_second_hand_needs_command" -l port -d 'Port to listen on; 0 picks a free one [env: SECOND_HAND_PORT] [default: 8000]' -r -f
complete -c second-hand -n "__fish_second_hand_needs_command" -l chronyd -d 'Where chronyd is asked: /path/to/socket, 192.0.2.1, 192.0.2.1:323, [2001:db8::1]:323 or a host name; without it its Unix socket, then 127.0.0.1, then ::1 [env: SECOND_HAND_CHRONYD]' -r -F
complete -c second-hand -n "__fish_second_hand_needs_command" -l timeout -d 'How long to wait for each answer of chronyd, which is asked up to three times [env: SECOND_HAND_TIMEOUT] [default: 1s]' -r -f
complete -c second-hand -n "__fish_second_hand_needs_command" -l allowed-host -d 'Another host name that browsers may ask this server by; repeatable, in the variable separated by commas [env: SECOND_HAND_ALLOWED_HOST]' -r -f -a "(__fish_print_hostnames)"
complete -c second-hand -n "__fish_second_hand_needs_command" -l refresh -d 'How often chronyd is read for the history and for open pages, from 1s to 1h [env: SECOND_HAND_REFRESH] [default: 5s]' -r -f
complete -c second-hand -n "__fish_second_hand_needs_command" -l geoip-db -d 'Local country or city database in MaxMind\'s format, as GeoLite2-Country.mmdb, for the pages of the sources; nothing is looked up over the network [env: SECOND_HAND_GEOIP_DB]' -r -F
complete -c second-hand -n "__fish_second_hand_needs_command" -l history -d 'How long what was read is remembered for the charts and events, from 10m to 400d, the older in the less detail; 0 or off: not at all [env: SECOND_HAND_HISTORY] [default: 24h]' -r -f
complete -c second-hand -n "__fish_second_hand_needs_command" -l history-file -d 'File that keeps the history when second-hand is started anew; made where there is none [env: SECOND_HAND_HISTORY_FILE] [default: memory alone]' -r -F
complete -c second-hand -n "__fish_second_hand_needs_command" -l max-error -d 'The most that the clock may be wrong by: more is critical [env: SECOND_HAND_MAX_ERROR] [default: 100ms]' -r -f
complete -c second-hand -n "__fish_second_hand_needs_command" -l warn-error -d 'What the clock may be wrong by without a warning [env: SECOND_HAND_WARN_ERROR] [default: half of --max-error]' -r -f
complete -c second-hand -n "__fish_second_hand_needs_command" -l max-stratum -d 'The highest stratum (steps from a reference clock) that is not critical, from 1 to 15 [env: SECOND_HAND_MAX_STRATUM] [default: any]' -r -f
complete -c second-hand -n "__fish_second_hand_needs_command" -l min-sources -d 'The fewest sources that must answer: fewer are critical, from 1 to 1000 [env: SECOND_HAND_MIN_SOURCES] [default: any]' -r -f
complete -c second-hand -n "__fish_second_hand_needs_command" -l probe-allow -d 'Machines whose chronyd may be asked through /probe?target=: a network, an address or a host name, at UDP port 323 or, as 192.0.2.0/24:11323, at another; repeatable, in the variable separated by commas [env: SECOND_HAND_PROBE_ALLOW] [default: none, and no /probe]' -r -f
complete -c second-hand -n "__fish_second_hand_needs_command" -l base-path -d 'Path below which a proxy shows this site, as /clock [env: SECOND_HAND_BASE_PATH] [default: /]' -r -f
complete -c second-hand -n "__fish_second_hand_needs_command" -l trusted-proxy -d 'Proxy whose X-Forwarded-For and X-Forwarded-Host are believed: an address or a network; repeatable, in the variable separated by commas [env: SECOND_HAND_TRUSTED_PROXY] [default: nobody\'s]' -r -f
complete -c second-hand -n "__fish_second_hand_needs_command" -l basic-auth-file -d 'File of names and passwords, of which every request needs one: lines of NAME:HASH with bcrypt, as `htpasswd -B` makes them [env: SECOND_HAND_BASIC_AUTH_FILE]' -r -F
complete -c second-hand -n "__fish_second_hand_needs_command" -l bearer-token-file -d 'File of bearer tokens, one a line, of which every request needs one [env: SECOND_HAND_BEARER_TOKEN_FILE]' -r -F
complete -c second-hand -n "__fish_second_hand_needs_command" -l log -d 'What is logged on standard error: off, error, warn, info or debug [env: SECOND_HAND_LOG] [default: info]' -r -f -a "off\t''
error\t''
warn\t''
info\t''
debug\t''"
complete -c second-hand -n "__fish_second_hand_needs_command" -l demo -d 'Show the dashboard on an embedded simulated chronyd [env: SECOND_HAND_DEMO]'
complete -c second-hand -n "__fish_second_hand_needs_command" -s h -l help -d 'Print help'
complete -c second-hand -n "__fish_second_hand_needs_command" -s V -l version -d 'Print version'
complete -c second-hand -n "__fish_second_hand_needs_command" -f -a "check" -d 'Say in one line whether the clock can be trusted, and end as monitoring plugins do: 0 it can, 1 warning, 2 critical, 3 unknown'
complete -c second-hand -n "__fish_second_hand_needs_command" -f -a "serve" -d 'Serve the dashboard; the default'
complete -c second-hand -n "__fish_second_hand_needs_command" -f -a "report" -d 'Print reports of chronyd: tables for people, with --json data for programs'
complete -c second-hand -n "__fish_second_hand_using_subcommand check" -l chronyd -d 'Where chronyd is asked: /path/to/socket, 192.0.2.1, 192.0.2.1:323, [2001:db8::1]:323 or a host name; without it its Unix socket, then 127.0.0.1, then ::1 [env: SECOND_HAND_CHRONYD]' -r -F
complete -c second-hand -n "__fish_second_hand_using_subcommand check" -l timeout -d 'How long to wait for each answer of chronyd, which is asked up to three times [env: SECOND_HAND_TIMEOUT] [default: 1s]' -r -f
complete -c second-hand -n "__fish_second_hand_using_subcommand check" -l max-error -d 'The most that the clock may be wrong by: more is critical [env: SECOND_HAND_MAX_ERROR] [default: 100ms]' -r -f
complete -c second-hand -n "__fish_second_hand_using_subcommand check" -l warn-error -d 'What the clock may be wrong by without a warning [env: SECOND_HAND_WARN_ERROR] [default: half of --max-error]' -r -f
complete -c second-hand -n "__fish_second_hand_using_subcommand check" -l max-stratum -d 'The highest stratum (steps from a reference clock) that is not critical, from 1 to 15 [env: SECOND_HAND_MAX_STRATUM] [default: any]' -r -f
complete -c second-hand -n "__fish_second_hand_using_subcommand check" -l min-sources -d 'The fewest sources that must answer: fewer are critical, from 1 to 1000 [env: SECOND_HAND_MIN_SOURCES] [default: any]' -r -f
complete -c second-hand -n "__fish_second_hand_using_subcommand check" -s v -l verbose -d 'Tell each check in a line of its own, below the first [env: SECOND_HAND_VERBOSE]'
complete -c second-hand -n "__fish_second_hand_using_subcommand check" -s h -l help -d 'Print help'
complete -c second-hand -n "__fish_second_hand_using_subcommand serve" -l host -d 'Address to listen on: an IP address or localhost [env: SECOND_HAND_HOST] [default: 127.0.0.1]' -r -f
complete -c second-hand -n "__fish_second_hand_using_subcommand serve" -l port -d 'Port to listen on; 0 picks a free one [env: SECOND_HAND_PORT] [default: 8000]' -r -f
complete -c second-hand -n "__fish_second_hand_using_subcommand serve" -l chronyd -d 'Where chronyd is asked: /path/to/socket, 192.0.2.1, 192.0.2.1:323, [2001:db8::1]:323 or a host name; without it its Unix socket, then 127.0.0.1, then ::1 [env: SECOND_HAND_CHRONYD]' -r -F
complete -c second-hand -n "__fish_second_hand_using_subcommand serve" -l timeout -d 'How long to wait for each answer of chronyd, which is asked up to three times [env: SECOND_HAND_TIMEOUT] [default: 1s]' -r -f
complete -c second-hand -n "__fish_second_hand_using_subcommand serve" -l allowed-host -d 'Another host name that browsers may ask this server by; repeatable, in the variable separated by commas [env: SECOND_HAND_ALLOWED_HOST]' -r -f -a "(__fish_print_hostnames)"
complete -c second-hand -n "__fish_second_hand_using_subcommand serve" -l refresh -d 'How often chronyd is read for the history and for open pages, from 1s to 1h [env: SECOND_HAND_REFRESH] [default: 5s]' -r -f
complete -c second-hand -n "__fish_second_hand_using_subcommand serve" -l geoip-db -d 'Local country or city database in MaxMind\'s format, as GeoLite2-Country.mmdb, for the pages of the sources; nothing is looked up over the network [env: SECOND_HAND_GEOIP_DB]' -r -F
complete -c second-hand -n "__fish_second_hand_using_subcommand serve" -l history -d 'How long what was read is remembered for the charts and events, from 10m to 400d, the older in the less detail; 0 or off: not at all [env: SECOND_HAND_HISTORY] [default: 24h]' -r -f
complete -c second-hand -n "__fish_second_hand_using_subcommand serve" -l history-file -d 'File that keeps the history when second-hand is started anew; made where there is none [env: SECOND_HAND_HISTORY_FILE] [default: memory alone]' -r -F
complete -c second-hand -n "__fish_second_hand_using_subcommand serve" -l max-error -d 'The most that the clock may be wrong by: more is critical [env: SECOND_HAND_MAX_ERROR] [default: 100ms]' -r -f
complete -c second-hand -n "__fish_second_hand_using_subcommand serve" -l warn-error -d 'What the clock may be wrong by without a warning [env: SECOND_HAND_WARN_ERROR] [default: half of --max-error]' -r -f
complete -c second-hand -n "__fish_second_hand_using_subcommand serve" -l max-stratum -d 'The highest stratum (steps from a reference clock) that is not critical, from 1 to 15 [env: SECOND_HAND_MAX_STRATUM] [default: any]' -r -f
complete -c second-hand -n "__fish_second_hand_using_subcommand serve" -l min-sources -d 'The fewest sources that must answer: fewer are critical, from 1 to 1000 [env: SECOND_HAND_MIN_SOURCES] [default: any]' -r -f
complete -c second-hand -n "__fish_second_hand_using_subcommand serve" -l probe-allow -d 'Machines whose chronyd may be asked through /probe?target=: a network, an address or a host name, at UDP port 323 or, as 192.0.2.0/24:11323, at another; repeatable, in the variable separated by commas [env: SECOND_HAND_PROBE_ALLOW] [default: none, and no /probe]' -r -f
complete -c second-hand -n "__fish_second_hand_using_subcommand serve" -l base-path -d 'Path below which a proxy shows this site, as /clock [env: SECOND_HAND_BASE_PATH] [default: /]' -r -f
complete -c second-hand -n "__fish_second_hand_using_subcommand serve" -l trusted-proxy -d 'Proxy whose X-Forwarded-For and X-Forwarded-Host are believed: an address or a network; repeatable, in the variable separated by commas [env: SECOND_HAND_TRUSTED_PROXY] [default: nobody\'s]' -r -f
complete -c second-hand -n "__fish_second_hand_using_subcommand serve" -l basic-auth-file -d 'File of names and passwords, of which every request needs one: lines of NAME:HASH with bcrypt, as `htpasswd -B` makes them [env: SECOND_HAND_BASIC_AUTH_FILE]' -r -F
complete -c second-hand -n "__fish_second_hand_using_subcommand serve" -l bearer-token-file -d 'File of bearer tokens, one a line, of which every request needs one [env: SECOND_HAND_BEARER_TOKEN_FILE]' -r -F
complete -c second-hand -n "__fish_second_hand_using_subcommand serve" -l log -d 'What is logged on standard error: off, error, warn, info or debug [env: SECOND_HAND_LOG] [default: info]' -r -f -a "off\t''
error\t''
warn\t''
info\t''
debug\t''"
complete -c second-hand -n "__fish_second_hand_using_subcommand serve" -l demo -d 'Show the dashboard on an embedded simulated chronyd [env: SECOND_HAND_DEMO]'
complete -c second-hand -n "__fish_second_hand_using_subcommand serve" -s h -l help -d 'Print help'
complete -c second-hand -n "__fish_second_hand_using_subcommand report" -l chronyd -d 'Where chronyd is asked: /path/to/socket, 192.0.2.1, 192.0.2.1:323, [2001:db8::1]:323 or a host name; without it its Unix socket, then 127.0.0.1, then ::1 [env: SECOND_HAND_CHRONYD]' -r -F
complete -c second-hand -n "__fish_second_hand_using_subcommand report" -l timeout -d 'How long to wait for each answer of chronyd, which is asked up to three times [env: SECOND_HAND_TIMEOUT] [default: 1s]' -r -f
complete -c second-hand -n "__fish_second_hand_using_subcommand report" -l json -d 'Print JSON, as the API does, in place of tables [env: SECOND_HAND_JSON]'
complete -c second-hand -n "__fish_second_hand_using_subcommand report" -s h -l help -d 'Print help'
complete -c second-hand -n "__fish_second_hand_using_subcommand report" -f -a "tracking sources sourcestats selectdata activity authdata ntpdata serverstats rtcdata smoothing clients"
