# Uses draft-tasks.exe beside it as a user of Windows would, by Wine; runs inside of the folder that has Wine.
# Its last line is the sum: "windows: N passed, N failed".
export WINEDEBUG=-all WINEPREFIX=/smoke/prefix HOME=/smoke XDG_RUNTIME_DIR=/tmp
passed=0 failed=0

# works NAME CODE TEXT COMMAND…: the command ends with the code, and has the text in its output.
works() {
  name=$1 code=$2 text=$3
  shift 3
  timeout 120 wine draft-tasks.exe "$@" >out 2>&1 </dev/null
  got=$?
  if [ "$got" -eq "$code" ] && grep -qF -- "$text" out; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "✗ $name: $got rather than $code, or without \"$text\":"
    cat out
  fi
}

# holds NAME COMMAND…: the command ends well.
holds() {
  name=$1
  shift
  if "$@"; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "✗ $name"; fi
}

# pings COUNT: so many processes of tasks are alive.
pings() { [ "$(wine tasklist 2>/dev/null | tr -d '\0' | grep -ci ping.exe)" -eq "$1" ]; }

# begun: waits until the command in the background has its tasks, and fails where it ends without them.
begun() { until pings 2; do kill -0 "$!" 2>/dev/null || { cat out; return 1; }; sleep 1; done; }

wineboot --init >/dev/null 2>&1

cat >.draft-tasks.toml <<'EOF'
[pre-up]
greet = "cmd /c echo hello %USERNAME%"
fails = "cmd /c exit 3"

[cleanup]
others = "cmd /c 'start /b ping -n 90 127.0.0.1 & ping -n 90 127.0.0.1'"
EOF

works version 0 'draft-tasks 0' --version
works check 0 'nothing to report' check
works run 1 'exit code 3' run pre-up
grep -qF 'hello' out || echo "the output of a task is not shown"
works 'run again' 1 'exit code 3' run pre-up --failed
works runs 0 'pre-up' runs
works 'a limit ends what a task starts' 1 'timed out' run cleanup --timeout 5s --yes
holds 'no process is left of it' pings 0

wine draft-tasks.exe run cleanup --yes >out 2>&1 </dev/null &
holds 'a run begins' begun
kill -INT $!
wait $!
got=$?
holds "Ctrl-C ends a run with 130 rather than $got" test "$got" -eq 130
holds 'Ctrl-C stops a run in order' grep -qF 'stopped after' out
holds 'a stop ends what a task starts' pings 0

# A console's event, as its number, ends the run with a code, and all that it has started.
for event in 'Ctrl-Break 1 131' 'the closing of the console 2 130'; do
  code=${event##* } number=${event% *}
  number=${number##* }
  rm -f go
  wine console.exe "$number" go draft-tasks.exe run cleanup --yes >out 2>&1 </dev/null &
  holds "${event% * *} finds a run that has begun" begun
  touch go
  wait $!
  got=$?
  holds "${event% * *} ends a run with $code rather than $got" test "$got" -eq "$code"
  holds "${event% * *} stops a run in order" grep -qF 'stopped after' out
  holds "${event% * *} ends what a task starts" pings 0
done

mkdir -p paths/bin
printf '#!/bin/sh\necho never\n' >paths/bin/script
printf '@echo from a batch file\r\n' >paths/bin/tool.bat
cat >paths/.draft-tasks.toml <<'EOF'
[pre-up]
batch = "bin/tool.bat"
script = "bin/script"

[cleanup]
lost = 'bin\tool.bat'
path = "cmd /c echo $PATH"
EOF
works 'a backslash that is lost' 1 'backslash-path' -C paths check
works 'a script without its interpreter' 1 'PATHEXT' -C paths run pre-up
grep -qF 'from a batch file' out || { failed=$((failed + 1)); echo "✗ a batch file did not run"; }
works 'a variable in another case' 0 'system32' -C paths run cleanup path --yes

printf '[pre-up]\r\na="cmd /c echo a"\r\n' >paths/.draft-tasks.toml
works fmt 0 '' -C paths fmt
holds 'fmt keeps the ends of lines' grep -q "a = .*$(printf '\r')" paths/.draft-tasks.toml

mkdir empty
works create 0 'created' create empty
holds 'the file is there' test -s empty/.draft-tasks.toml
works explain 0 'greet' explain
works 'doctor without a cluster' 1 'kubeconfig' doctor

message() { printf 'Content-Length: %d\r\n\r\n%s' "${#1}" "$1"; }
{
  message '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"capabilities":{},"processId":null,"rootUri":null}}'
  message '{"jsonrpc":"2.0","method":"initialized","params":{}}'
  message '{"jsonrpc":"2.0","id":2,"method":"shutdown"}'
  message '{"jsonrpc":"2.0","method":"exit"}'
} >conversation
timeout 120 wine draft-tasks.exe lsp <conversation >out 2>err
holds 'lsp ends well' test $? -eq 0
holds 'lsp answers' grep -qF '"capabilities"' out

wineserver --kill
echo "windows: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
