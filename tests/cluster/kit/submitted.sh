#!/bin/sh
# The program of the images that tests/cluster/test_containers.py hands in; $1 says how it goes.
table=$CHALLENGE_OUTPUT/predictions.csv

predict() {
  awk -F, 'NR == 1 { print "id,label"; next } { print $1 ",even" }' "$CHALLENGE_INPUT/test.csv"
}

seen() { # what it can see and do, as JSON
  echo "SEEN {\"user\": \"$(id -u)\","
  echo "SEEN \"root\": \"$(touch /x 2> /dev/null && echo writable || echo read-only)\","
  echo "SEEN \"capabilities\": \"$(awk '/^CapEff/ { print $2 }' /proc/self/status)\","
  echo "SEEN \"token\": \"$([ -e /var/run/secrets ] && echo found || echo none)\","
  echo "SEEN \"platform\": \"$(ls /challenge | xargs)\"}"
}

echo "predicting $(($(wc -l < "$CHALLENGE_INPUT/test.csv") - 1)) rows"
case $1 in
  good) seen && predict > "$table" ;;
  bad) predict > "$table" && exit 3 ;;
  silent) ;;
  link) ln -s "$CHALLENGE_INPUT/test.csv" "$table" ;;
  greedy) exec probe mem 400 ;;
  full)
    head -c 150000000 /dev/zero > /tmp/full
    trap '' TERM
    while echo full; do sleep 1; done
    ;;
  many) # ends as it is told to
    predict > "$table"
    trap 'exit 1' TERM
    echo many
    for n in $(seq 200); do eval "touch $HOME/$n-$(seq -s " $HOME/$n-" 100)"; done
    while sleep 0.1; do :; done
    ;;
  endless)
    trap '' TERM
    while echo mining; do sleep 1; done
    ;;
esac
