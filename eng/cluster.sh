#!/usr/bin/env bash
# A cluster for drills on one machine, reachable on loopback only and kept below one directory. It needs Debian, and installs the servers.
#
#   ./eng/cluster.sh up DIR [SETTING...]  PostgreSQL (a primary and a synchronous standby), RabbitMQ (three nodes), three processes of Basin, with
#                                       settings such as --demo, and a load balancer in front of them; always anew
#   ./eng/cluster.sh up-one DIR [SETTING...]  PostgreSQL as above and one process of Basin, nothing else
#   ./eng/cluster.sh up-split DIR [SETTING...]  as up, but each process runs some of the systems, and the load balancer knows which (eng/systems.map)
#   ./eng/cluster.sh status DIR         what runs
#   ./eng/cluster.sh down DIR           stops all of it; data and logs stay until the next up
#   ./eng/cluster.sh promote DIR        kills PostgreSQL's primary and makes the standby the primary
#   ./eng/cluster.sh rejoin DIR         makes the killed primary the synchronous standby of the new one
#   ./eng/cluster.sh kill-rabbit DIR N  kills node N (1, 2, 3 or all); start-, stop-, pause- and resume-rabbit likewise
#   ./eng/cluster.sh kill-basin DIR N   kills process N (1, 2, 3 or all); start-, stop-, pause- and resume-basin likewise
#   ./eng/cluster.sh rabbitmqctl DIR N ARGUMENT...
#
# Clients find addresses and passwords in DIR/cluster.env, as variables of a shell: CLUSTER_URL is Basin's, CLUSTER_KEY opens it.
set -euo pipefail
readonly caller=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source eng/packages.sh

umask 077 # passwords and data are nobody else's

readonly members=(1 2 3) # nodes of RabbitMQ, the smallest number of which one may be lost, and processes of Basin
# What each of them runs where they share the systems out.
readonly systems=([1]='catalog,cart' [2]='orders,ids' [3]='payments,inventory,ledger,shipping,vault,notifications,webhooks')
is_split=
patience=180           # seconds that a server may take to start or to stop

# What cluster.env holds.
postgres_ports=() postgres_admin_password='' postgres_app_password='' postgres_replication_password=''
rabbit_ports=() rabbit_dist_ports=() rabbit_epmd_port='' rabbit_password=''
basin_ports=() balancer_port='' basin_key='' vault_key=''

main() {
    local command=${1:-} directory=${2:-}
    if [ -z "$directory" ]; then usage; fi
    shift 2
    dir=$(cd "$caller" && realpath --canonicalize-missing "$directory")

    case "$command" in
        up | up-one | up-split) ;;
        *) load ;;
    esac
    case "$command" in
        up) up "$@" ;;
        up-one) up_one "$@" ;;
        up-split) up_split "$@" ;;
        down | status | promote | rejoin) "$command" ;;
        start-rabbit | start-basin) "${command/-/_}" "${1:-}" ;;
        stop-rabbit | kill-rabbit | pause-rabbit | resume-rabbit) signal "$command" "${1:-}" ;;
        stop-basin | kill-basin | pause-basin | resume-basin) signal "$command" "${1:-}" ;;
        rabbitmqctl) rabbitmqctl "$@" ;;
        *) usage ;;
    esac
}

usage() {
    sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}" >&2
    exit 2
}

step() {
    echo "== $*"
}

die() {
    echo "$*" >&2
    exit 1
}

# The whole.

up() {
    ensure_servers postgresql rabbitmq-server haproxy
    make_room
    trap 'step "up failed, stopping what it had started; logs stay in $dir"; down' EXIT
    choose
    load
    up_postgres
    up_rabbit
    up_basin "$@"
    up_balancer
    trap - EXIT
    step "Up: http://127.0.0.1:$balancer_port, and all addresses and passwords are in $dir/cluster.env"
}

up_split() {
    is_split=yes
    up "$@"
}

# What a shop looks like that has only moved its data.
up_one() {
    ensure_servers postgresql
    make_room
    trap 'step "up failed, stopping what it had started; logs stay in $dir"; down' EXIT
    choose
    sed -i "s|^CLUSTER_RABBIT=.*|CLUSTER_RABBIT=|; s|^CLUSTER_URL=.*|CLUSTER_URL='http://127.0.0.1:$(load && echo "${basin_ports[1]}")'|" "$dir/cluster.env"
    load
    up_postgres
    mkdir -p "$dir/basin"
    printf '%s\n' "$@" >"$dir/basin/settings"
    build_basin
    start_basin 1
    trap - EXIT
    step "Up: $CLUSTER_URL"
}

down() {
    down_balancer
    down_basin
    down_rabbit
    down_postgres
}

status() {
    local code=0
    status_postgres || code=1
    status_rabbit || code=1
    status_basin || code=1
    return "$code"
}

# An earlier cluster of this script is deleted; anything else is left alone.
make_room() {
    if [ -e "$dir/cluster.env" ]; then
        load
        if any_runs; then die "A cluster runs in $dir; take it down first"; fi
        rm -rf "$dir/postgres" "$dir/rabbit" "$dir/basin" "$dir/balancer" "$dir/cluster.env"
    fi
    mkdir -p "$dir"
    if [ -n "$(ls -A "$dir")" ]; then die "$dir is not empty, and what is in it is not a cluster's"; fi
    chmod 711 "$dir" # the servers' users pass through
    local user
    for user in "$postgres_user" "$rabbit_user"; do
        run_as "$user" test -x "$dir" || die "The user $user cannot enter $dir; choose a directory that others may pass through"
    done
}

any_runs() {
    local pid
    for pid in $(postgres_pid 1) $(postgres_pid 2) $(epmd_pid) $(for_members rabbit_pid) $(for_members basin_pid) $(balancer_pid); do
        if [ -n "$pid" ]; then return 0; fi
    done
    return 1
}

# Ports and passwords are chosen once, before anything starts, because every server has to know the others'.
choose() {
    local ports admin app replication rabbit key vault
    mapfile -t ports < <(free_ports $((4 + 2 * ${#members[@]} + ${#members[@]})))
    admin=$(secret) app=$(secret) replication=$(secret) rabbit=$(secret) key=$(secret)
    vault=cluster:$(head --bytes=32 /dev/urandom | base64)
    cat >"$dir/cluster.env" <<EOF
# For clients.
CLUSTER_POSTGRES='Host=127.0.0.1:${ports[0]},127.0.0.1:${ports[1]};Target Session Attributes=read-write;Database=basin;Username=basin;Password=$app'
CLUSTER_URL='http://127.0.0.1:${ports[9]}'
CLUSTER_KEY='$key'
CLUSTER_RABBIT='amqp://basin:$rabbit@127.0.0.1:${ports[3]}/basin,amqp://basin:$rabbit@127.0.0.1:${ports[4]}/basin,amqp://basin:$rabbit@127.0.0.1:${ports[5]}/basin'

# For eng/cluster.sh.
postgres_ports=([1]=${ports[0]} [2]=${ports[1]})
postgres_admin_password=$admin
postgres_app_password=$app
postgres_replication_password=$replication
rabbit_password=$rabbit
vault_key=$vault
rabbit_epmd_port=${ports[2]}
rabbit_ports=([1]=${ports[3]} [2]=${ports[4]} [3]=${ports[5]})
rabbit_dist_ports=([1]=${ports[6]} [2]=${ports[7]} [3]=${ports[8]})
balancer_port=${ports[9]}
basin_ports=([1]=${ports[10]} [2]=${ports[11]} [3]=${ports[12]})
basin_key=$key
EOF
}

load() {
    if [ ! -e "$dir/cluster.env" ]; then die "There is no cluster in $dir"; fi
    # shellcheck source=/dev/null
    source "$dir/cluster.env"
}

# free_ports COUNT: ports nobody listens on. They are below 32768, where the system takes the ports of outgoing connections from: a
# client's connection could otherwise sit on the port of a server that is down for a moment.
free_ports() {
    perl -MIO::Socket::INET -e '
        my @open;
        while (@open < $ARGV[0]) {
            my $socket = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => 20000 + int(rand(12000)), Listen => 1) or next;
            push @open, $socket;
            print $socket->sockport, "\n";
        }' "$1"
}

secret() {
    od --address-radix=n --read-bytes=16 --format=x1 /dev/urandom | tr -d ' \n'
}

# Users and processes. PostgreSQL and RabbitMQ refuse or dislike root, so root runs them as the users of their packages.

if [ "$(id -u)" -eq 0 ]; then
    readonly postgres_user=postgres rabbit_user=rabbitmq
else
    postgres_user=$(id -un)
    rabbit_user=$postgres_user
    readonly postgres_user rabbit_user
fi

run_as() {
    local user=$1
    shift
    if [ "$(id -u)" -eq 0 ]; then (cd / && exec runuser -u "$user" -- "$@"); else "$@"; fi
}

# own_directory USER DIRECTORY
own_directory() {
    mkdir -p "$2"
    if [ "$(id -u)" -eq 0 ]; then chown "$1:" "$2"; fi
}

# write USER FILE: from standard input.
write() {
    run_as "$1" tee "$2" >/dev/null
}

# own_pid FILE MARK: the process whose number is the first line of FILE, if it runs and MARK is one of its arguments. A number alone is not enough:
# after a kill it may have gone to somebody else's process.
own_pid() {
    local pid
    pid=$(head -n 1 "$1" 2>/dev/null) || return 0
    if [ -n "$pid" ] && grep --quiet --null-data --line-regexp --fixed-strings -- "$2" "/proc/$pid/cmdline" 2>/dev/null; then echo "$pid"; fi
}

# stop_process SIGNAL PID: and waits until it is gone.
stop_process() {
    if [ -z "$2" ]; then return 0; fi
    kill "-$1" "$2" 2>/dev/null || return 0
    wait_until "process $2 to end" ended "$2"
}

ended() {
    [ ! -e "/proc/$1" ] || grep --quiet '^State:.Z' "/proc/$1/status" 2>/dev/null
}

# signal COMMAND NUMBER|all: a member of RabbitMQ or Basin is stopped, killed, paused or let go on. One that is paused keeps its connections open, its
# leases as long as they last, and answers nothing, as on a machine that swaps or whose network is gone.
signal() {
    local action=${1%-*} kind=${1#*-} number chosen pid
    local -A signals=([stop]=TERM [kill]=KILL [pause]=STOP [resume]=CONT)
    chosen=$(which_of "$kind" "$2")
    for number in $chosen; do
        pid=$("${kind}_pid" "$number")
        if [ -z "$pid" ]; then die "Number $number of $kind does not run"; fi
        step "$kind: number $number gets SIG${signals[$action]}"
        kill "-${signals[$action]}" "$pid"
    done
    case "$action" in
        stop | kill)
            for number in $chosen; do
                wait_until "number $number of $kind to end" is_gone "${kind}_pid" "$number"
            done
            ;;
    esac
}

# is_gone COMMAND...: prints no process.
is_gone() {
    [ -z "$("$@")" ]
}

# for_members COMMAND: for each in turn.
for_members() {
    local number
    for number in "${members[@]}"; do "$@" "$number"; done
}

# which_of KIND NUMBER...|all
which_of() {
    local kind=$1 number
    shift
    if [ "$*" = all ]; then
        echo "${members[@]}"
        return 0
    fi
    for number in "${@:-}"; do
        [[ " ${members[*]} " == *" $number "* ]] || die "Which number of $kind? One of ${members[*]}, or all"
    done
    echo "$@"
}

# wait_until WHAT COMMAND...
wait_until() {
    local what=$1 deadline=$((SECONDS + patience))
    shift
    until "$@"; do
        if [ "$SECONDS" -ge "$deadline" ]; then die "Waited $patience s in vain for $what"; fi
        sleep 0.2
    done
}

listens() {
    (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# PostgreSQL: the servers 1 and 2 have the same settings, so that each can be the primary.

up_postgres() {
    own_directory "$postgres_user" "$dir/postgres"
    write "$postgres_user" "$dir/postgres/passwords" <<EOF
127.0.0.1:*:*:postgres:$postgres_admin_password
127.0.0.1:*:*:replicator:$postgres_replication_password
EOF
    write "$postgres_user" "$dir/postgres/admin-password" <<<"$postgres_admin_password"

    step "PostgreSQL: primary on 127.0.0.1:${postgres_ports[1]}"
    # Checksums, because a page damaged by a disk should be an error and not an answer.
    run_as "$postgres_user" "$(postgres_bin)/initdb" --pgdata "$(postgres_data 1)" --username postgres --auth scram-sha-256 \
        --pwfile "$dir/postgres/admin-password" --encoding UTF8 --locale C.UTF-8 --data-checksums --no-instructions \
        >"$dir/postgres/initdb.log" 2>&1
    run_as "$postgres_user" tee --append "$(postgres_data 1)/postgresql.conf" <<<"include 'basin.conf'" >/dev/null
    settings 1 '' | write "$postgres_user" "$(postgres_data 1)/basin.conf"
    write "$postgres_user" "$(postgres_data 1)/pg_hba.conf" <<EOF
host all all 127.0.0.1/32 scram-sha-256
host replication replicator 127.0.0.1/32 scram-sha-256
EOF
    start_postgres 1
    write "$postgres_user" "$dir/postgres/primary" <<<1
    psql_admin 1 <<EOF
create role replicator login replication password '$postgres_replication_password';
create role basin login password '$postgres_app_password';
create database basin owner basin;
EOF

    step "PostgreSQL: synchronous standby on 127.0.0.1:${postgres_ports[2]}"
    copy_postgres 2 1
    follow 2 1
}

# copy_postgres STANDBY PRIMARY
copy_postgres() {
    run_as "$postgres_user" env PGPASSFILE="$dir/postgres/passwords" "$(postgres_bin)/pg_basebackup" --pgdata "$(postgres_data "$1")" \
        --host 127.0.0.1 --port "${postgres_ports[$2]}" --username replicator --checkpoint fast --wal-method stream
}

down_postgres() {
    local server
    for server in 2 1; do # the standby first: nothing waits for it any more once the primary gets its own signal
        if [ -n "$(postgres_pid "$server")" ]; then
            step "PostgreSQL: server $server stops"
            run_as "$postgres_user" "$(postgres_bin)/pg_ctl" stop --pgdata "$(postgres_data "$server")" --mode fast --silent \
                --timeout "$patience" || stop_postgres_hard "$server"
        fi
    done
}

# The primary is gone with all its processes before the standby is promoted, so no client can hear "committed" from both. Nothing
# acknowledged is lost: a commit was answered only after the standby had it on its disk.
#
# The new primary does not wait for a standby, since there is none left and every commit would hang. So, until "rejoin", it holds the only
# copy of what it commits: losing it as well then loses acknowledged writes. A shop that would rather stand still than run on one copy sets
# synchronous_standby_names before it promotes.
promote() {
    local from to
    from=$(postgres_primary)
    to=$((3 - from))
    step "PostgreSQL: server $from is killed"
    stop_postgres_hard "$from"
    step "PostgreSQL: server $to is promoted"
    run_as "$postgres_user" "$(postgres_bin)/pg_ctl" promote --pgdata "$(postgres_data "$to")" --silent --timeout "$patience"
    write "$postgres_user" "$dir/postgres/primary" <<<"$to"
    step "PostgreSQL: 127.0.0.1:${postgres_ports[$to]} takes writes, without a standby"
}

# The killed primary may have written more than its standby had received, which nobody was told of; pg_rewind takes that back.
rejoin() {
    local primary standby
    primary=$(postgres_primary)
    standby=$((3 - primary))
    if [ -n "$(postgres_pid "$standby")" ]; then die "Server $standby runs already"; fi
    step "PostgreSQL: server $standby is rewound to server $primary"
    # The checkpoint, because pg_rewind reads from the primary's control file which timeline it is on.
    psql_admin "$primary" <<<checkpoint
    if ! rewind_postgres "$standby" "$primary" >"$dir/postgres/rewind.log" 2>&1; then
        tail -n 3 "$dir/postgres/rewind.log"
        step "PostgreSQL: server $standby is copied from server $primary"
        run_as "$postgres_user" rm -rf "$(postgres_data "$standby")"
        copy_postgres "$standby" "$primary"
    fi
    follow "$standby" "$primary"
}

# rewind_postgres STANDBY PRIMARY: fails also when what the standby has to read back is gone, because then it would wait for ever.
rewind_postgres() {
    local data first
    data=$(postgres_data "$1")
    run_as "$postgres_user" env PGPASSFILE="$dir/postgres/passwords" "$(postgres_bin)/pg_rewind" --target-pgdata "$data" \
        --source-server "host=127.0.0.1 port=${postgres_ports[$2]} user=postgres dbname=postgres" || return 1
    first=$(run_as "$postgres_user" sed -n 's/^START WAL LOCATION: .*(file \(.*\))$/\1/p' "$data/backup_label") || return 1
    if ! run_as "$postgres_user" test -e "$data/pg_wal/$first"; then
        echo "Segment $first of the log, with which the standby would begin, is gone"
        return 1
    fi
}

# follow STANDBY PRIMARY: starts the standby, and from then on the primary waits for it.
follow() {
    local standby=$1 primary=$2
    psql_admin "$primary" >/dev/null <<<"select pg_create_physical_replication_slot('postgres$standby', true)
        where not exists (select from pg_replication_slots where slot_name = 'postgres$standby')"
    settings "$standby" '' | write "$postgres_user" "$(postgres_data "$standby")/basin.conf"
    write "$postgres_user" "$(postgres_data "$standby")/standby.signal" </dev/null
    start_postgres "$standby"
    # Only then, because from the next line on no commit is answered without it.
    wait_until "server $standby to stream" is_streaming "$primary"

    settings "$primary" "postgres$standby" | write "$postgres_user" "$(postgres_data "$primary")/basin.conf"
    psql_admin "$primary" >/dev/null <<<'select pg_reload_conf()'
    wait_until "server $standby to follow" is_followed "$primary"
    step "PostgreSQL: server $standby follows server $primary, which waits for it at each commit"
}

is_streaming() {
    [ "$(psql_admin "$1" <<<"select count(*) from pg_stat_replication where state = 'streaming' and application_name like 'postgres%'")" = 1 ]
}

is_followed() {
    [ "$(psql_admin "$1" <<<"select count(*) from pg_stat_replication where sync_state = 'sync'")" = 1 ]
}

start_postgres() {
    run_as "$postgres_user" env PGPASSFILE="$dir/postgres/passwords" "$(postgres_bin)/pg_ctl" start --pgdata "$(postgres_data "$1")" \
        --log "$dir/postgres/$1.log" --silent --timeout "$patience" || {
        tail -n 20 "$dir/postgres/$1.log" >&2
        return 1
    }
}

stop_postgres_hard() {
    if [ -z "$(postgres_pid "$1")" ]; then return 0; fi
    run_as "$postgres_user" "$(postgres_bin)/pg_ctl" stop --pgdata "$(postgres_data "$1")" --mode immediate --silent --timeout "$patience"
}

# settings SERVER STANDBY: STANDBY is whom its commits wait for while it is the primary, or empty.
settings() {
    cat <<EOF
cluster_name = 'postgres$1'
listen_addresses = '127.0.0.1'
port = ${postgres_ports[$1]}
unix_socket_directories = ''            # a path below a deep directory is too long for a socket
max_connections = 300                   # some processes with a pool each
password_encryption = scram-sha-256

# A commit is answered once it is on two disks.
synchronous_commit = on
synchronous_standby_names = '$2'
fsync = on
full_page_writes = on                   # a page half written at a power cut is repaired from the log; pg_rewind needs it too
wal_log_hints = on                      # for pg_rewind; checksums imply it, but it does not depend on them here
wal_level = replica

# While it is the standby.
hot_standby = on
primary_conninfo = 'host=127.0.0.1 port=${postgres_ports[$((3 - $1))]} user=replicator passfile=''$dir/postgres/passwords'' application_name=postgres$1'
primary_slot_name = 'postgres$1'        # the primary keeps the log until the standby has it
recovery_target_timeline = latest
wal_keep_size = 2GB                     # a killed primary that comes back begins at a checkpoint that both have had, well before the slot made for it
max_slot_wal_keep_size = 4GB            # a standby that is away for too long is made anew; it must not fill the primary's disk
wal_sender_timeout = 10s                # a peer that is frozen or cut off is noticed in seconds, not after the usual minute
wal_receiver_timeout = 10s

# A client that is frozen or cut off must not keep its locks, and with them every other shard's writer, for long.
idle_in_transaction_session_timeout = 30s
tcp_keepalives_idle = 10
tcp_keepalives_interval = 5
tcp_keepalives_count = 3
tcp_user_timeout = 25s
client_connection_check_interval = 5s   # work for a client that has gone ends, even in the middle of a query

# Two servers share a small machine with all the rest.
shared_buffers = 256MB
max_wal_size = 1GB                      # what is replayed after a crash, and twice what a rewound server may have to read back
wal_compression = on                    # those pages, smaller

log_line_prefix = '%m [%p] %a '
log_lock_waits = on
EOF
}

status_postgres() {
    local server state code=0
    for server in 1 2; do
        if [ -z "$(postgres_pid "$server")" ]; then
            state=down code=1
        else
            state=$(psql_admin "$server" <<<"select case when pg_is_in_recovery() then 'standby' else 'primary' end
                || coalesce((select ', followed by ' || string_agg(application_name || ' (' || sync_state || ')', ', ') from pg_stat_replication), '')") ||
                { state='does not answer' code=1; }
        fi
        echo "PostgreSQL $server  127.0.0.1:${postgres_ports[$server]}  $state"
    done
    return "$code"
}

# psql_admin SERVER: runs statements from standard input.
psql_admin() {
    run_as "$postgres_user" env PGPASSFILE="$dir/postgres/passwords" PGCONNECT_TIMEOUT=5 "$(postgres_bin)/psql" \
        "host=127.0.0.1 port=${postgres_ports[$1]} user=postgres dbname=postgres" \
        --no-psqlrc --quiet --tuples-only --no-align --set ON_ERROR_STOP=1
}

postgres_primary() {
    cat "$dir/postgres/primary"
}

postgres_data() {
    echo "$dir/postgres/data$1"
}

postgres_pid() {
    own_pid "$(postgres_data "$1")/postmaster.pid" "$(postgres_data "$1")"
}

postgres_bin() {
    local candidates=(/usr/lib/postgresql/*/bin)
    printf '%s\n' "${candidates[@]}" | sort --version-sort | tail -n 1
}

# RabbitMQ: three nodes with an epmd, a cookie and names of their own, so that a broker of the machine is neither seen nor disturbed.

up_rabbit() {
    local node cookie
    cookie=$(secret)
    own_directory "$rabbit_user" "$dir/rabbit"
    write "$rabbit_user" "$dir/rabbit/enabled_plugins" <<<'[].'

    step "RabbitMQ: epmd on 127.0.0.1:$rabbit_epmd_port"
    # shellcheck disable=SC2016 # the inner shell expands it
    run_as "$rabbit_user" setsid --fork sh -c 'echo $$ >"$1"; shift; exec "$@" >/dev/null 2>&1 </dev/null' sh \
        "$dir/rabbit/epmd.pid" epmd -port "$rabbit_epmd_port" -address 127.0.0.1
    wait_until epmd listens "$rabbit_epmd_port"

    for node in "${members[@]}"; do
        own_directory "$rabbit_user" "$dir/rabbit/$node"
        write "$rabbit_user" "$dir/rabbit/$node/.erlang.cookie" <<<"$cookie"
        rabbit_settings "$node" | write "$rabbit_user" "$dir/rabbit/$node/rabbitmq.conf"
    done
    start_rabbit "${members[0]}" # first and alone, so that the others find a cluster to join
    start_rabbit "${members[@]:1}"
    rabbitmqctl "${members[0]}" --quiet await_online_nodes "${#members[@]}"
}

down_rabbit() {
    local node pids=() pid
    for node in "${members[@]}"; do
        # A node that was only just started tells its number a moment later.
        if [ -e "$dir/rabbit/$node/starting" ]; then (patience=10 && wait_until "node $node to start" rabbit_runs "$node") || true; fi
        pid=$(rabbit_pid "$node")
        if [ -z "$pid" ]; then continue; fi
        step "RabbitMQ: node $node stops"
        kill -CONT "$pid"
        kill -TERM "$pid"
        pids+=("$pid")
    done
    for pid in "${pids[@]}"; do # together, because a node that stops hands over to the others and would take its time
        (wait_until "process $pid to end" ended "$pid") || stop_process KILL "$pid"
    done
    stop_process TERM "$(epmd_pid)"
}

# start_rabbit NODE...: and waits for all of them. When all were down, none comes up alone: each waits for one that stopped later.
start_rabbit() {
    local node chosen
    chosen=$(which_of rabbit "$@")
    for node in $chosen; do
        if [ -n "$(rabbit_pid "$node")" ]; then continue; fi
        step "RabbitMQ: node $node on 127.0.0.1:${rabbit_ports[$node]}"
        write "$rabbit_user" "$dir/rabbit/$node/starting" </dev/null
        with_node "$node" /usr/lib/rabbitmq/bin/rabbitmq-server -detached >>"$dir/rabbit/start.log" 2>&1
    done
    for node in $chosen; do
        # The listener is the last thing a node starts.
        wait_until "node $node of RabbitMQ (its log is in $dir/rabbit/$node/log)" listens "${rabbit_ports[$node]}"
        rm -f "$dir/rabbit/$node/starting"
    done
}

rabbit_runs() {
    [ -n "$(rabbit_pid "$1")" ]
}

rabbit_settings() {
    local node
    cat <<EOF
listeners.tcp.1 = 127.0.0.1:${rabbit_ports[$1]}

# Made at the first start, in place of the user guest and the host /.
default_user = basin
default_pass = $rabbit_password
default_vhost = basin

cluster_name = basin
cluster_formation.peer_discovery_backend = classic_config
$(for node in "${members[@]}"; do echo "cluster_formation.classic_config.nodes.$node = basin$node@localhost"; done)

# Nodes cut off from the majority stop and take no part until they see it again.
cluster_partition_handling = pause_minority
# A frozen node is given up after this many seconds, not after the usual minute.
net_ticktime = 15
# Queues declared through one node are led by different ones.
queue_leader_locator = balanced
queue_master_locator = min-masters

# Limits for three nodes that share a small machine with all the rest. Publishers are blocked beyond them.
vm_memory_high_watermark.absolute = 1GB
disk_free_limit.absolute = 1GB
# The log of quorum queues is kept in memory too until a file of this size is full; the usual 512 MB would be most of the above.
raft.wal_max_size_bytes = 67108864

log.file.level = info
log.console = false
EOF
}

# with_node NODE COMMAND...: in the environment of that node. It is empty otherwise, so that settings of the machine do not get in.
with_node() {
    local node=$1 home="$dir/rabbit/$1"
    shift
    # One scheduler for each node, and none that spins while it waits: three idle nodes would otherwise keep a small machine busy.
    run_as "$rabbit_user" env -i \
        PATH="$PATH" LANG=C.UTF-8 HOME="$home" \
        ERL_EPMD_PORT="$rabbit_epmd_port" ERL_EPMD_ADDRESS=127.0.0.1 ERL_CRASH_DUMP="$home/erl_crash.dump" \
        RABBITMQ_NODENAME="basin$node@localhost" \
        RABBITMQ_NODE_IP_ADDRESS=127.0.0.1 RABBITMQ_NODE_PORT="${rabbit_ports[$node]}" \
        RABBITMQ_DIST_PORT="${rabbit_dist_ports[$node]}" \
        RABBITMQ_CONF_ENV_FILE=/dev/null RABBITMQ_CONFIG_FILE="$home/rabbitmq.conf" \
        RABBITMQ_ADVANCED_CONFIG_FILE="$home/advanced.config" RABBITMQ_ENABLED_PLUGINS_FILE="$dir/rabbit/enabled_plugins" \
        RABBITMQ_MNESIA_BASE="$home/data" RABBITMQ_LOG_BASE="$home/log" RABBITMQ_PID_FILE="$home/pid" \
        RABBITMQ_GENERATED_CONFIG_DIR="$home/config" \
        RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='+S 1:1 +SDcpu 1:1 +SDio 4 +sbwt none +sbwtdcpu none +sbwtdio none -kernel inet_dist_use_interface {127,0,0,1}' \
        RABBITMQ_CTL_ERL_ARGS='+S 1:1 +sbwt none -kernel inet_dist_use_interface {127,0,0,1}' \
        "$@"
}

rabbitmqctl() {
    local node
    node=$(which_of rabbit "${1:-}")
    shift
    with_node "$node" /usr/lib/rabbitmq/bin/rabbitmqctl --node "basin$node@localhost" "$@"
}

status_rabbit() {
    local node state code=0
    for node in "${members[@]}"; do
        if [ -z "$(rabbit_pid "$node")" ]; then
            state=down code=1
        elif grep --quiet '^State:.T' "/proc/$(rabbit_pid "$node")/status"; then
            state=paused code=1
        elif listens "${rabbit_ports[$node]}"; then
            state=up
        else
            state='does not listen' code=1
        fi
        echo "RabbitMQ $node    127.0.0.1:${rabbit_ports[$node]}  $state"
    done
    return "$code"
}

rabbit_pid() {
    own_pid "$dir/rabbit/$1/pid" "$dir/rabbit/$1" # its home, which Erlang has as an argument
}

epmd_pid() {
    own_pid "$dir/rabbit/epmd.pid" "$rabbit_epmd_port"
}

# Basin: three processes with the same settings, each of which could do everything alone; or, split, each with some of the systems.

up_basin() {
    mkdir -p "$dir/basin"
    printf '%s\n' "$@" >"$dir/basin/settings"
    if [ -n "$is_split" ]; then split_basin; fi
    build_basin
    start_basin all
}

# Says to each process what it runs and where it finds the rest.
split_basin() {
    local process other system
    for process in "${members[@]}"; do
        mkdir -p "$dir/basin/$process"
        {
            echo "--Basin:Systems:Here=${systems[$process]}"
            for other in "${members[@]}"; do
                if [ "$other" = "$process" ]; then continue; fi
                for system in ${systems[$other]//,/ }; do
                    echo "--Basin:Systems:Addresses:$system=http://127.0.0.1:${basin_ports[$other]}"
                done
            done
        } >"$dir/basin/$process/settings"
    done
}

build_basin() {
    if [ -e "$basin_program" ]; then return 0; fi
    step "Basin: is built"
    dotnet build src/Basin.Host --configuration Release --verbosity quiet --nologo
}

# The one that a drill has built, or the one that is built here.
readonly basin_program=${BASIN_PROGRAM:-artifacts/bin/Basin.Host/release/Basin.Host.dll}

# start_basin PROCESS...|all: and waits until they are ready.
start_basin() {
    local process chosen settings
    chosen=$(which_of basin "$@")
    for process in $chosen; do
        if [ -n "$(basin_pid "$process")" ]; then continue; fi
        step "Basin: process $process on 127.0.0.1:${basin_ports[$process]}"
        mkdir -p "$dir/basin/$process"
        mapfile -t settings < <(cat "$dir/basin/settings" "$dir/basin/$process/settings" 2>/dev/null | grep .)
        # Passwords are no arguments: those are everybody's to see. Threads that wait do not spin, since everything here shares one machine.
        # shellcheck disable=SC2016 # the inner shell expands it
        DOTNET_ThreadPool_UnfairSemaphoreSpinLimit=0 BASIN_OPERATOR_KEY=$basin_key BASIN_VAULT_KEYS=$vault_key \
            Basin__Postgres__ConnectionString=$CLUSTER_POSTGRES Basin__RabbitMQ__ConnectionString=$CLUSTER_RABBIT \
            setsid --fork sh -c 'echo $$ >"$1"; shift; log=$1; shift; exec "$@" >>"$log" 2>&1 </dev/null' sh \
            "$dir/basin/$process/pid" "$dir/basin/$process/log" \
            dotnet "$basin_program" --urls "http://127.0.0.1:${basin_ports[$process]}" --data "$dir/basin/$process/data" "${settings[@]}"
    done
    for process in $chosen; do
        wait_until "process $process of Basin (its log is in $dir/basin/$process/log)" is_ready "${basin_ports[$process]}"
    done
}

is_ready() {
    (exec 3<>"/dev/tcp/127.0.0.1/$1" && printf 'GET /health/ready HTTP/1.0\r\n\r\n' >&3 && head -n 1 <&3 | grep --quiet ' 200 ') 2>/dev/null
}

down_basin() {
    local process pid
    for process in "${members[@]}"; do
        pid=$(basin_pid "$process")
        if [ -z "$pid" ]; then continue; fi
        step "Basin: process $process stops"
        kill -CONT "$pid"
        stop_process TERM "$pid"
    done
}

status_basin() {
    local process code=0
    for process in "${members[@]}"; do
        if is_ready "${basin_ports[$process]}"; then
            echo "Basin $process: ready on 127.0.0.1:${basin_ports[$process]}"
        else
            echo "Basin $process: not ready"
            code=1
        fi
    done
    return "$code"
}

basin_pid() {
    own_pid "$dir/basin/$1/pid" "$dir/basin/$1/data"
}

# The load balancer: asks every half second who is ready.

up_balancer() {
    mkdir -p "$dir/balancer"
    local process
    {
        cat <<EOF
global
    maxconn 4000
    stats socket $dir/balancer/socket mode 600
defaults
    mode http
    timeout connect 1s
    timeout client 60s
    # Live pages are silent for 15 s at most.
    timeout server 60s
    # Only what has not reached a process is sent to another: a write may have happened although nobody has answered.
    retries 3
    retry-on conn-failure
    option redispatch 1
    # Who asks, which the processes believe a proxy on their machine.
    option forwardfor
    option httpchk GET /health/ready
    default-server check inter 500ms fall 2 rise 1 on-marked-down shutdown-sessions
frontend shop
    bind 127.0.0.1:$balancer_port
    # Processes ask each other there; the token that they need is their second lock.
    http-request deny deny_status 404 if { path,url_dec,lower -m beg /internal }
    use_backend %[path,url_dec,lower,map_beg($PWD/eng/systems.map,catalog)]
EOF
        local system
        for system in $(tr , ' ' <<<"${systems[*]}"); do
            echo "backend $system"
            echo "    balance roundrobin"
            for process in "${members[@]}"; do
                if [ -z "$is_split" ] || [[ ",${systems[$process]}," == *",$system,"* ]]; then
                    echo "    server basin$process 127.0.0.1:${basin_ports[$process]}"
                fi
            done
        done
    } >"$dir/balancer/haproxy.cfg"
    step "Load balancer on 127.0.0.1:$balancer_port"
    haproxy -D -f "$dir/balancer/haproxy.cfg" -p "$dir/balancer/pid" >"$dir/balancer/log" 2>&1
    wait_until "the load balancer" is_ready "$balancer_port"
}

down_balancer() {
    stop_process TERM "$(balancer_pid)"
}

balancer_pid() {
    own_pid "$dir/balancer/pid" "$dir/balancer/haproxy.cfg"
}

main "$@"
