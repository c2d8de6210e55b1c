#!/usr/bin/env bash
# Run a command inside the sandbox, with KUBECONFIG. A cluster that was not up before is taken down
# afterwards. Where KUBECONFIG is set the command runs on that cluster instead.
. "$(dirname "$0")/settings.sh"
cd "$root"

if [ -n "${KUBECONFIG:-}" ]; then
  exec "$@"
fi
was_up=
sandbox_pid > /dev/null && was_up=yes
"$kit/up.sh"
status=0
"$kit/enter.sh" "$@" || status=$?
if [ -z "$was_up" ]; then
  "$kit/down.sh" || status=1
fi
exit "$status"
