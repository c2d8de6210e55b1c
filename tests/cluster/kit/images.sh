#!/usr/bin/env bash
# Build the platform's images from the lists in deploy/images, without a container engine.
#
# One root file system serves them all: Debian and every library at the bottom, made again when a
# list changes; the project's own wheel on top, made again whenever the code changed.
. "$(dirname "$0")/settings.sh"
lists=$root/deploy/images
work=$CLUSTER_CACHE/work
home=/opt/challenge   # the Python environment in the images
mkdir -p "$CLUSTER_CACHE/images" "$work"

debian_release() { . /etc/os-release && [ "$ID" = debian ] && echo "$VERSION_CODENAME" || echo bookworm; }
entries() { sed -E 's/ *#.*//; /^$/d' "$@"; }
needs_again() { # name, digest: whether it was made from something else
  [ "$(cat "$CLUSTER_CACHE/$1.made" 2> /dev/null)" != "$2" ]
}

# Debian with the packages of a list, as a tar; the machine's own sources and proxies are used.
bootstrap() { # tar, list
  command -v mmdebstrap > /dev/null || "$root/.ci/apt" mmdebstrap ||
    fail 'mmdebstrap is needed and could not be installed.'
  nice -n 10 mmdebstrap --quiet --mode=root --variant=minbase \
    --include="$(entries "$2" | paste -sd,)" \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' \
    "$(debian_release)" "$1"
}

# Run a command in the root file system, with this machine's uv, its cache and its certificates.
in_root() {
  unshare --mount --propagation private bash -euc '
    fs=$1 uv=$2 cache=$3 wheels=$4; shift 4
    mkdir -p "$fs"/mnt/{cache,wheels}; touch "$fs/mnt/uv" "$fs/etc/resolv.conf"
    mount --bind /dev "$fs/dev"; mount -t proc proc "$fs/proc"
    mount --bind "$uv" "$fs/mnt/uv"; mount --bind "$cache" "$fs/mnt/cache"
    mount --bind "$wheels" "$fs/mnt/wheels"; mount --bind /etc/resolv.conf "$fs/etc/resolv.conf"
    mount --bind /etc/ssl/certs "$fs/etc/ssl/certs"
    export UV_CACHE_DIR=/mnt/cache UV_LINK_MODE=copy UV_SYSTEM_CERTS=1 HOME=/tmp
    exec nice -n 10 chroot "$fs" "$@"
  ' in_root "$work/root" "$(command -v uv)" "$(uv cache dir)" "$work/wheels" "$@"
}

# Times in an image are all 0, so bytecode must not be compared with them.
compile() { in_root "$home/bin/python" -m compileall -q -j 2 --invalidation-mode unchecked-hash "$@"; }
packed() { tar --create --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner "$@"; }

build_base() {
  say 'Making the root file system …'
  rm -rf "$work/root"
  mkdir -p "$work/root" "$work/wheels"
  bootstrap "$work/debian.tar" "$lists/debian.txt"
  tar -C "$work/root" -xpf "$work/debian.tar"
  entries "$lists"/{service,steps,notebook}.txt | grep -v '^jupyter_challenge' | sort -u \
    > "$work/wheels/requirements.txt"
  cp "$root/pyproject.toml" "$root/constraints.txt" "$work/wheels/"
  local extras
  extras=$(entries "$lists"/{service,steps,notebook}.txt | sort -u |
    sed -nE 's/^jupyter_challenge\[(.*)\]$/--extra \1/p')
  in_root python3 -m venv --without-pip "$home"
  # shellcheck disable=SC2086 # the extras are words
  in_root /mnt/uv pip install --quiet --python "$home/bin/python" -c /mnt/wheels/constraints.txt \
    -r /mnt/wheels/pyproject.toml $extras -r /mnt/wheels/requirements.txt
  compile "$home/lib" > /dev/null || true # some libraries have files for other Pythons
  packed -C "$work/root" -f "$work/libraries.tar" "${home#/}"
  python3 "$kit/image.py" "$CLUSTER_CACHE/images/base.tar" cluster.test/base:1 \
    --tar "$work/debian.tar" --tar "$work/libraries.tar" \
    --env "PATH=$home/bin:/usr/local/bin:/usr/bin:/bin" --env LANG=C.UTF-8 \
    --env HOME=/tmp --env PYTHONUNBUFFERED=1 --user 1000:1000
  rm "$work/debian.tar" "$work/libraries.tar"
}

build_postgres() {
  say "Making the database's image …"
  bootstrap "$work/postgres.tar" "$lists/postgres.txt"
  local user # PostgreSQL wants to run as somebody who has a name
  user=$(tar -xOf "$work/postgres.tar" ./etc/passwd | awk -F: '$1 == "postgres" { print $3 ":" $4 }')
  python3 "$kit/image.py" "$CLUSTER_CACHE/images/postgres.tar" cluster.test/postgres:1 \
    --tar "$work/postgres.tar" --env LANG=C.UTF-8 --user "$user"
  rm "$work/postgres.tar"
}

# The wheel as it is installed, and nothing else, is the layer on top.
build_code() {
  say "Putting the project's code into the images …"
  rm -f "$work"/wheels/*.whl
  (cd "$root" && mkdir -p jupyter_challenge/labextension/static &&
    SKIP_JUPYTER_BUILDER=1 uv build --quiet --wheel --no-build-isolation -o "$work/wheels" .)
  in_root sh -c "exec /mnt/uv pip install --quiet --python $home/bin/python --no-deps --reinstall \
    /mnt/wheels/*.whl"
  local packages
  packages=$(echo "$work/root$home"/lib/python3*/site-packages)
  compile "${packages#"$work/root"}/jupyter_challenge"
  {
    (cd "$packages" && cut -d, -f1 jupyter_challenge-*.dist-info/RECORD | xargs realpath -m)
    find "$packages/jupyter_challenge" -name '*.pyc'
  } | sed "s#^$work/root/##" | sort -u > "$work/code.list"
  packed -C "$work/root" -f "$work/code.tar" -T "$work/code.list"
  python3 "$kit/image.py" "$CLUSTER_CACHE/images/challenge.tar" \
    docker.io/jupyter-challenge/{service,steps,notebook}:test \
    --on "$CLUSTER_CACHE/images/base.tar" --tar "$work/code.tar"
  rm "$work/code.tar"
}

# What teams submit in the tests: one program, which goes well or badly as its argument says.
build_submitted() {
  local how
  rm -f "$CLUSTER_CACHE"/images/submitted-*.tar
  for how in good bad missing silent link greedy full many endless; do
    python3 "$kit/image.py" "$CLUSTER_CACHE/images/submitted-$how.tar" "cluster.test/submitted:$how" \
      --on "$CLUSTER_CACHE/images/probe.tar" --file "$kit/submitted.sh:/bin/predict:755" \
      --entrypoint "[\"/bin/$([ "$how" = missing ] && echo nothing || echo predict)\", \"$how\"]"
  done
  python3 "$kit/image.py" "$CLUSTER_CACHE/images/submitted-told.tar" cluster.test/submitted:told \
    --on "$CLUSTER_CACHE/images/base.tar" --file "$kit/told.py:/bin/predict.py:644" \
    --entrypoint "[\"$home/bin/python\", \"/bin/predict.py\"]"
}

# A challenge's data, with not one program beside it; and the same in an image that would have its
# own code loaded into whatever runs in it.
build_data() {
  local files=$work/data
  rm -rf "$files" && mkdir -p "$files/data/train" "$files/etc"
  { echo id,x; for n in 1 2 3 4 5 6 7 8 9 10; do echo "$n,$n"; done; } > "$files/data/test.csv"
  echo 1 > "$files/data/train/a"
  echo 2 > "$files/data/train/b"
  ln -s train "$files/data/linked"
  echo /data/train/a > "$files/etc/ld.so.preload"
  python3 "$kit/image.py" "$CLUSTER_CACHE/images/data-good.tar" cluster.test/data:good \
    --dir "$files/data:/data"
  python3 "$kit/image.py" "$CLUSTER_CACHE/images/data-hostile.tar" cluster.test/data:hostile \
    --dir "$files/data:/data" --dir "$files/etc:/etc" --env LD_PRELOAD=/data/train/b \
    --env PYTHONSTARTUP=/data/train/a --entrypoint '["/data/train/a"]' --user 0:0
}

digest() { cat "$@" | sha256sum | cut -d' ' -f1; }
code() {
  cd "$root"
  find jupyter_challenge install.json jupyter-config package.json README.md -type f \
    -not -name '*.pyc' -not -name _version.py | sort | xargs sha256sum | sha256sum | cut -d' ' -f1
}

exec 8> "$work/lock"
flock 8
base=$(digest "$lists"/{debian,service,steps,notebook}.txt "$root/constraints.txt" "$kit/image.py" \
  <(sed -n '/^dependencies/,/^dev = /p' "$root/pyproject.toml") \
  <(sed -n '/^build_base/,/^}/p' "$kit/images.sh"))
if needs_again base "$base"; then
  rm -f "$CLUSTER_CACHE/code.made"
  (build_base)
  echo "$base" > "$CLUSTER_CACHE/base.made"
fi
postgres=$(digest "$lists/postgres.txt" "$kit/image.py" \
  <(sed -n '/^build_postgres/,/^}/p' "$kit/images.sh"))
if needs_again postgres "$postgres"; then
  (build_postgres)
  echo "$postgres" > "$CLUSTER_CACHE/postgres.made"
fi
submitted=$(digest "$kit/submitted.sh" "$kit/told.py" "$kit/image.py" \
  "$CLUSTER_CACHE/images/probe.tar" "$CLUSTER_CACHE/base.made" \
  <(sed -n '/^build_submitted/,/^}/p' "$kit/images.sh"))
if needs_again submitted "$submitted"; then
  (build_submitted)
  echo "$submitted" > "$CLUSTER_CACHE/submitted.made"
fi
data=$(digest "$kit/image.py" <(sed -n '/^build_data/,/^}/p' "$kit/images.sh"))
if needs_again data "$data"; then
  (build_data)
  echo "$data" > "$CLUSTER_CACHE/data.made"
fi
code=$(code)
if needs_again code "$code"; then
  (build_code)
  echo "$code" > "$CLUSTER_CACHE/code.made"
fi
nice -n 10 "$kit/unpacked.sh"
