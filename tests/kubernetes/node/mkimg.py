"""usage: mkimg.py PAUSE BUSYBOX OUTDIR: write the images as OUTDIR/*.tar, archives for `ctr images import`."""
import hashlib
import io
import json
import subprocess
import sys
import tarfile


def add(tar, name, data=b"", mode=0o755, kind=tarfile.REGTYPE, link=""):
    info = tarfile.TarInfo(name)
    info.mode, info.type, info.linkname, info.size = mode, kind, link, len(data)
    tar.addfile(info, io.BytesIO(data))


def image(path, tag, fill, config):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        fill(tar)
    layer = buffer.getvalue()
    config = json.dumps({
        "architecture": "amd64", "os": "linux", "config": config,
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest()]},
        "history": [{"created": "1970-01-01T00:00:00Z"}],
    }).encode()
    name = hashlib.sha256(config).hexdigest() + ".json"
    manifest = json.dumps([{"Config": name, "RepoTags": [tag], "Layers": ["layer.tar"]}]).encode()
    with tarfile.open(path, "w") as tar:
        for member, data in (("layer.tar", layer), (name, config), ("manifest.json", manifest)):
            add(tar, member, data, 0o644)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def fill_busybox(tar):
    for folder in "bin dev etc home proc root sys tmp usr usr/bin var".split():
        add(tar, folder, mode=0o1777 if folder == "tmp" else 0o755, kind=tarfile.DIRTYPE)
    add(tar, "bin/busybox", read(busybox))
    for applet in subprocess.check_output([busybox, "--list"], text=True).split():
        if applet != "busybox":
            add(tar, "bin/" + applet, kind=tarfile.SYMTYPE, link="busybox")
    add(tar, "etc/passwd", b"root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n", 0o644)
    add(tar, "etc/group", b"root:x:0:\nnogroup:x:65534:\n", 0o644)


def fill_noshell(tar):
    """A few programs, each a busybox of its own that is known by one name only, so that none of them is a shell."""
    for folder in "bin dev etc proc sys tmp".split():
        add(tar, folder, mode=0o1777 if folder == "tmp" else 0o755, kind=tarfile.DIRTYPE)
    for applet in "cat echo sleep test touch".split():
        add(tar, "bin/" + applet, read(busybox))
    add(tar, "etc/passwd", b"root:x:0:0:root:/:/bin/false\n", 0o644)


pause, busybox, out = sys.argv[1:]
image(out + "/pause.tar", "localhost/pause:1", lambda tar: add(tar, "pause", read(pause)),
      {"Entrypoint": ["/pause"], "User": "65535:65535"})
image(out + "/busybox.tar", "localhost/busybox:1.35", fill_busybox,
      {"Env": ["PATH=/bin:/usr/bin"], "Cmd": ["sh"], "WorkingDir": "/"})
image(out + "/noshell.tar", "localhost/noshell:1", fill_noshell,
      {"Env": ["PATH=/bin"], "Cmd": ["sleep", "infinity"], "WorkingDir": "/"})
