#!/bin/sh
# Makes what is secret in the Compose project, once: the API key and the passwords of NATS.
#
# Runs before everything else, as the service `keys`, and writes into the volume of that name. What is
# there stays, but for the addresses of NATS, which follow from the settings. TINYGRID_API_KEY, where it is
# set, is taken instead of a key that is made.
set -eu
cd "$1"
# The servers read as users of their own; the volume is mounted for nobody else.
umask 022
chmod 755 .

put() { # FILE TEXT: at once or not at all
  printf %s "$2" >"$1.new"
  mv "$1.new" "$1"
}

# A letter first: NATS takes what begins with a digit for a number.
random() { printf k; od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }

[ -s api-key ] || { put api-key "$(random)"; is_new=yes; }
[ -z "${TINYGRID_API_KEY:-}" ] || put api-key "$TINYGRID_API_KEY"
for name in nats-node nats-observer nats-elections; do
  [ -s "$name" ] || put "$name" "$(random)"
done

urls() { # USER PASSWORD: of all NATS servers
  all=
  for host in $(printf %s "$NATS_HOSTS" | tr , ' '); do
    all="$all${all:+,}nats://$1:$2@$host:4222"
  done
  printf %s "$all"
}
put nats-url "$(urls tinygrid-node "$(cat nats-node)")"
put nats-system-url "$(urls tinygrid-elections "$(cat nats-elections)")"

[ -z "${is_new:-}" ] || echo 'An API key was made. This link signs you in, once all is up:'
echo "http://localhost:$TINYGRID_PORT/#key=$(cat api-key)"
