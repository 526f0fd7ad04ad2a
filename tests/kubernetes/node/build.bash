# Sourced by `cluster`: how its programs and images come out of Debian's packages. Must not start or stop anything.

build() {
  check
  lock
  if ! stamped packages || ! stamped kubernetes; then step apt; fi
  step packages
  step images
  step kubernetes
  rm -rf "$SCRATCH"
  du -sh "$DIR" | sed 's/\t/ in /'
}

stamp() { # PART: what its result depends on; raise the first number when its recipe changes
  case $1 in
  packages) echo "1 ${PACKAGES[*]}" ;;
  images) echo "1 $(cat "$FILES"/{mkimg.py,pause.c} | cksum)" ;;
  kubernetes) echo "1 $KUBERNETES go$GO $(cksum <"$FILES/main.go")" ;;
  esac
}

stamped() { [ -e "$STAMPS/$1" ] && [ "$(head -n 1 "$STAMPS/$1")" = "$(stamp "$1")" ]; }

step() { # PART: run build_PART unless it is done
  local log=$LOG/build-$1.log rc began=$SECONDS
  if stamped "$1"; then echo "$1: done before"; return; fi
  echo "$1: started at $(date +%T), log in $log"
  mkdir -p "$SCRATCH/tmp"
  : >"$SCRATCH/versions"
  set +e
  (
    set -ex
    renice -n 10 $BASHPID
    export APT_CONFIG=$SCRATCH/apt/apt.conf TMPDIR=$SCRATCH/tmp
    "build_$1"
  ) >"$log" 2>&1 9>&-
  rc=$?
  set -e
  if [ $rc != 0 ]; then
    tail -n 20 "$log" >&2
    die "build step '$1' failed (exit status $rc); its log: $log"
  fi
  [ "$1" = apt ] || { stamp "$1"; cat "$SCRATCH/versions"; } >"$STAMPS/$1"
  echo "$1: $((SECONDS - began)) s"
}

build_apt() { # a private apt state with the machine's own sources, and Debian's source packages turned on
  local apt=$SCRATCH/apt file
  rm -rf "$apt"
  mkdir -p "$apt"/{state/lists/partial,cache/archives/partial,sources.list.d,apt.conf.d}
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.{list,sources}; do
    [ -e "$file" ] || continue
    sed -E 's/^Types:.*/Types: deb deb-src/; s/^deb( .*)/&\ndeb-src\1/' "$file" >"$apt/sources.list.d/${file##*/}"
  done
  # the machine's own options, but not its hooks: they would run after `update` and change the machine
  grep -L Invoke /etc/apt/apt.conf.d/* | xargs -r cp -t "$apt/apt.conf.d"
  cat >"$apt/apt.conf" <<CONF
Dir::State "$apt/state";
Dir::State::status "/var/lib/dpkg/status";
Dir::Cache "$apt/cache";
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "$apt/sources.list.d";
Dir::Etc::parts "$apt/apt.conf.d";
APT::Sandbox::User "root";
Acquire::Retries "5";
CONF
  apt-get -q update
}

unpack() { # FOLDER PACKAGE...: download packages and unpack them into FOLDER, installing nothing
  local to=$1 deb
  shift
  rm -rf "$to"
  mkdir -p "$to/debs"
  cd "$to/debs"
  apt-get -q download "$@"
  for deb in *.deb; do
    dpkg-deb -x "$deb" "$to"
    dpkg-deb -W "$deb" >>"$SCRATCH/versions"
  done
}

build_packages() {
  local root=$SCRATCH/packages
  unpack "$root" "${PACKAGES[@]}"
  install "$root"/usr/bin/{containerd,containerd-shim-runc-v2,ctr,etcd,kubectl} "$BIN"
  install "$root"/usr/sbin/runc "$root"/usr/lib/cni/loopback "$root"/bin/busybox "$BIN"
}

build_images() {
  gcc -static -Os -s -Wall -o "$SCRATCH/pause" "$FILES/pause.c"
  python3 "$FILES/mkimg.py" "$SCRATCH/pause" "$BIN/busybox" "$IMAGES"
}

build_kubernetes() { # one binary for all four programs, see main.go: linking it once saves minutes
  local go=$SCRATCH/go gopath=$SCRATCH/gopath src=$SCRATCH/gopath/src/k8s.io/kubernetes
  local vendor=k8s.io/kubernetes/vendor/k8s.io flags="-s -w" module dirs name
  unpack "$go" golang-$GO-go golang-$GO-src golang-github-modern-go-reflect2-dev golang-github-json-iterator-go-dev
  cd "$SCRATCH"
  apt-get -q source --download-only kubernetes
  basename -s .dsc kubernetes_*.dsc | tr _ '\t' >>"$SCRATCH/versions"
  rm -rf "$src"
  mkdir -p "$src"
  tar xzf kubernetes_*"$KUBERNETES".orig.tar.gz -C "$src" --strip-components=1
  cd "$src"
  # the vendored versions of these two break with Go 1.18 and later
  for module in modern-go/reflect2 json-iterator/go; do
    rm -rf "vendor/github.com/$module"
    cp -rL "$go/usr/share/gocode/src/github.com/$module" "vendor/github.com/${module%/*}/"
  done
  install -D -m 644 "$FILES/main.go" cmd/hyper/main.go
  export GOROOT=$go/usr/lib/go-$GO GOPATH=$gopath GOCACHE=$SCRATCH/gocache
  export GOENV=off GOFLAGS='' GOPROXY=off GO111MODULE=off CGO_ENABLED=0
  # the API server needs pkg/generated/openapi/zz_generated.openapi.go, which the source leaves out
  "$GOROOT/bin/go" build -p 2 -o "$SCRATCH/openapi-gen" "$vendor/kube-openapi/cmd/openapi-gen"
  dirs=$(grep -rl --include='*.go' '+k8s:openapi-gen=' staging/src/k8s.io pkg cmd plugin |
    grep -vE 'code-generator|sample-apiserver' | xargs -n 1 dirname |
    sed 's|^staging/src/|vendor/|; s|^|k8s.io/kubernetes/|' | LC_ALL=C sort -u | paste -sd,)
  "$SCRATCH/openapi-gen" --logtostderr -i "$dirs" -p k8s.io/kubernetes/pkg/generated/openapi -O zz_generated.openapi \
    -h vendor/k8s.io/code-generator/hack/boilerplate.go.txt -r "$SCRATCH/openapi-violations"
  for module in component-base/version client-go/pkg/version; do
    flags+=" -X $vendor/$module.gitVersion=v$KUBERNETES -X $vendor/$module.gitMajor=1 -X $vendor/$module.gitMinor=20"
  done
  "$GOROOT/bin/go" build -p 2 -trimpath -tags providerless,dockerless,netgo,osusergo -ldflags "$flags" \
    -o "$SCRATCH/hyper" k8s.io/kubernetes/cmd/hyper
  install "$SCRATCH/hyper" "$BIN"
  for name in kube-apiserver kube-controller-manager kube-scheduler kubelet; do ln -sf hyper "$BIN/$name"; done
}
