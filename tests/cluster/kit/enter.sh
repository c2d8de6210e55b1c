#!/usr/bin/env bash
# Run a command inside the sandbox, in the present folder, with kubectl and its configuration.
. "$(dirname "$0")/settings.sh"
pid=$(sandbox_pid) || fail 'The test cluster does not run: make cluster'
export KUBECONFIG=$kubeconfig
exec nsenter --target "$pid" --net --mount --pid --ipc --uts -- \
  sh -c 'cd "$1" && shift && exec "$@"' sh "$PWD" "$@"
