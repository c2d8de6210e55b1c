#!/usr/bin/env bash
# Inside the sandbox: start each of the cluster's programs that does not run, wait until the node is
# ready. Process ids are in run/NAME.pid, output in logs/NAME.log.
. "$(dirname "$0")/../settings.sh"
export KUBECONFIG=$kubeconfig
cd "$CLUSTER_DIR"
mkdir -p run etc/cni
since=$(date +%s%N)

told() { say "$(awk -v from="$since" -v to="$(date +%s%N)" 'BEGIN { printf "%5.1f s", (to - from) / 1e9 }')  $*"; }

start() { # name, command
  local name=$1
  kill -0 "$(cat "run/$name.pid" 2> /dev/null)" 2> /dev/null && return
  setsid nohup "${@:2}" >> "logs/$name.log" 2>&1 < /dev/null &
  echo $! > "run/$name.pid"
}

until_works() { # seconds, command
  local end=$((SECONDS + $1))
  until "${@:2}" > /dev/null 2>&1; do
    [ $SECONDS -lt $end ] || fail "Not in $1 s: ${*:2} (see $CLUSTER_DIR/logs)"
    sleep 0.2
  done
}

# What is unpacked in the cache is taken with links; where that lies on another disk, it is imported.
take_unpacked() {
  local from=$CLUSTER_CACHE/unpacked to=run/containerd/root database
  [ ! -e $to ] && [ -e "$from/made" ] || return 0
  mkdir -p run/containerd
  if ! cp -al "$from/root" $to 2> /dev/null; then
    rm -rf $to
    return
  fi
  for database in $to/*/*.db; do
    cp --remove-destination "$from/root/${database#"$to"/}" "$database"
  done
  cp -r "$from/imported" run/imported
}

# The kubelet counts a resource as 0 until it has spoken with who offers it.
offers_devices() {
  kubectl get node node -o jsonpath='{.status.allocatable}' | grep -q "\"${devices%%=*}\":\"[1-9]"
}

# Folders of the node as volumes for claims. One that a claim has let go is emptied for the next.
volumes() {
  local number folder
  for number in $(seq "$volumes"); do
    folder=/var/lib/volumes/$number
    mkdir -p "$folder"
    chmod 777 "$folder" # runs are not root, and nobody changes the owner of a node's folder
    sed "s/@NUMBER@/$number/g" "$kit/manifests/volume.yaml"
  done | kubectl apply -f - > /dev/null
  for number in $(kubectl get pv -o \
    jsonpath='{range .items[?(@.status.phase=="Released")]}{.metadata.name}{"\n"}{end}' |
    sed -n 's/^volume-//p'); do
    find "/var/lib/volumes/$number" -mindepth 1 -delete
    kubectl patch pv "volume-$number" --type=json -p '[{"op": "remove", "path": "/spec/claimRef"}]' \
      > /dev/null
  done
}

if kubectl get --raw /readyz > /dev/null 2>&1 && kubectl get node node 2> /dev/null | grep -q ' Ready'
then
  "$kit/inside/images.sh"
  volumes
  say 'The test cluster runs already.'
  exit
fi

"$kit/inside/certificates.sh"
for file in $(cd "$kit/etc" && find . -type f); do
  sed "s|@DIR@|$CLUSTER_DIR|g; s|@CGROUP@|$cgroup|g" "$kit/etc/$file" > "etc/$file"
  [ ! -x "$kit/etc/$file" ] || chmod +x "etc/$file"
done
sysctl -qw net.ipv4.ip_forward=1 net.bridge.bridge-nf-call-iptables=1
if ! ip link show node0 > /dev/null 2>&1; then
  ip link add node0 type bridge
  ip addr add "$node_ip/32" dev node0
  ip addr add "$metadata_ip/32" dev node0
  ip link set node0 up
fi

pki=$CLUSTER_DIR/pki
start etcd kube etcd --name node --data-dir "$CLUSTER_DIR/run/etcd" --unsafe-no-fsync \
  --listen-client-urls http://127.0.0.1:23790 --advertise-client-urls http://127.0.0.1:23790 \
  --listen-peer-urls http://127.0.0.1:23800 --initial-advertise-peer-urls http://127.0.0.1:23800 \
  --initial-cluster node=http://127.0.0.1:23800 --log-level warn
(flock --shared 9; take_unpacked) 9> "$CLUSTER_CACHE/unpacked.lock"
start containerd containerd -c "$CLUSTER_DIR/etc/containerd.toml" -l warn
start kube-apiserver kube-apiserver \
  --etcd-servers=http://127.0.0.1:23790 \
  --bind-address="$node_ip" --advertise-address="$node_ip" --secure-port=6443 \
  --service-cluster-ip-range=10.96.0.0/16 \
  --authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction \
  --allow-privileged=true --profiling=false --enable-aggregator-routing=true \
  --client-ca-file="$pki/ca.crt" \
  --tls-cert-file="$pki/apiserver.crt" --tls-private-key-file="$pki/apiserver.key" \
  --kubelet-certificate-authority="$pki/ca.crt" \
  --kubelet-client-certificate="$pki/apiserver-kubelet-client.crt" \
  --kubelet-client-key="$pki/apiserver-kubelet-client.key" \
  --kubelet-preferred-address-types=InternalIP \
  --service-account-issuer=https://kubernetes.default.svc.cluster.local \
  --service-account-key-file="$pki/sa.pub" --service-account-signing-key-file="$pki/sa.key" \
  --service-account-extend-token-expiration=false \
  --requestheader-client-ca-file="$pki/front-proxy-ca.crt" \
  --requestheader-allowed-names=front-proxy-client \
  --requestheader-extra-headers-prefix=X-Remote-Extra- \
  --requestheader-group-headers=X-Remote-Group --requestheader-username-headers=X-Remote-User \
  --proxy-client-cert-file="$pki/front-proxy-client.crt" \
  --proxy-client-key-file="$pki/front-proxy-client.key"
"$kit/inside/images.sh"
told 'images are there'
until_works 60 kubectl get --raw /readyz
told 'the API server is ready'

start kube-controller-manager kube-controller-manager \
  --kubeconfig="$pki/controller-manager.conf" \
  --authentication-kubeconfig="$pki/controller-manager.conf" \
  --authorization-kubeconfig="$pki/controller-manager.conf" \
  --bind-address=127.0.0.1 --client-ca-file="$pki/ca.crt" \
  --requestheader-client-ca-file="$pki/front-proxy-ca.crt" \
  --cluster-cidr=10.244.0.0/16 --allocate-node-cidrs=false \
  --service-cluster-ip-range=10.96.0.0/16 \
  --cluster-signing-cert-file="$pki/ca.crt" --cluster-signing-key-file="$pki/ca.key" \
  --root-ca-file="$pki/ca.crt" --service-account-private-key-file="$pki/sa.key" \
  --use-service-account-credentials=true --kube-api-qps=200 --kube-api-burst=300 \
  --controllers='*' --leader-elect=false
start kube-scheduler kube-scheduler --config="$CLUSTER_DIR/etc/scheduler.yaml" \
  --authentication-kubeconfig="$pki/scheduler.conf" \
  --authorization-kubeconfig="$pki/scheduler.conf" --bind-address=127.0.0.1
start kubelet kubelet --config="$CLUSTER_DIR/etc/kubelet.yaml" --kubeconfig="$pki/kubelet.conf" \
  --root-dir="$CLUSTER_DIR/run/kubelet" --cert-dir="$CLUSTER_DIR/run/kubelet/pki" \
  --hostname-override=node --node-ip="$node_ip"
start kube-proxy kube-proxy --config="$CLUSTER_DIR/etc/kube-proxy.yaml"
start metadata probe serve "$metadata_ip:80" credentials
start netpol netpol -kubeconfig "$kubeconfig"
[ ! -x "$CLUSTER_CACHE/bin/gpuplugin" ] || start gpuplugin gpuplugin -devices "$devices"
until_works 60 kubectl get node node
kubectl wait --for=condition=Ready node/node --timeout=120s > /dev/null
[ ! -x "$CLUSTER_CACHE/bin/gpuplugin" ] || until_works 60 offers_devices
kubectl apply -f "$kit/manifests/coredns.yaml" > /dev/null
volumes
kubectl -n kube-system rollout status deploy/coredns --timeout=60s > /dev/null
told 'the node is ready'
