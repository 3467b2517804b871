# shellcheck shell=sh
# Sourced by the scripts next to it, which set `root` first: makes the project's own environment and keeps it up to date.
#
#   environment    make $venv if need be; its programs are $venv/bin/...
#   may_install    true if Debian packages can be installed without asking anybody
#   apt_install    install the named Debian packages
#   say, give_up   one line on stderr; give_up ends with exit code 3: the surroundings are wrong, not the project
#
# Nothing here writes to stdout: that belongs to the program that is started afterwards.
#
#   LINACSIM_VENV     where the environment is, instead of .venv in the project's root
#   LINACSIM_PYTHON   the Python to make it with, instead of the first that is new enough

set -eu

# shellcheck disable=SC2154
venv=${LINACSIM_VENV:-$root/.venv}
case $venv in /*) ;; *) venv=$PWD/$venv ;; esac
lock=$root/ci/requirements.lock
stamp=$venv/linacsim.stamp

# The lock alone decides what is installed and $venv where; a person's own settings must not move it elsewhere.
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 PIP_PROGRESS_BAR=off PIP_USER=0 PIP_REQUIRE_VIRTUALENV=0
unset PYTHONHOME PIP_TARGET PIP_PREFIX PIP_ROOT PIP_CONSTRAINT

say() {
    printf '%s\n' "linacsim: $*" >&2
}

give_up() {
    say "$*"
    exit 3
}

# --- Debian packages -------------------------------------------------------------------------------------------------

may_install() {
    command -v apt-get >/dev/null || return 1
    [ "$(id -u)" -eq 0 ] || sudo -n true 2>/dev/null
}

apt_get() {
    if [ "$(id -u)" -eq 0 ]; then as_root=; else as_root="sudo -n"; fi
    # Some packages (tshark) ask a question unless the front end is named.
    $as_root env DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=a \
        apt-get -qq -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@" </dev/null 9<&-
}

# A fresh machine has no package lists and an old one has stale ones: the first failure means nothing yet.
apt_install() {
    say "installing $* (apt-get)"
    told=$(apt_get install -y --no-install-recommends "$@" 2>&1) && return
    told=$(apt_get update 2>&1 && apt_get install -y --no-install-recommends "$@" 2>&1) && return
    printf '%s\n' "$told" >&2
    return 1
}

# --- Python ----------------------------------------------------------------------------------------------------------

is_new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

has_venv() {
    "$python" -c 'import ensurepip, venv' 2>/dev/null
}

has_pip() {
    "$python" -m pip --python "$python" --version >/dev/null 2>&1
}

# Set `python` to the first that can make an environment at once, else to the first that is new enough.
find_python() {
    first=
    for name in ${LINACSIM_PYTHON:-python3.13 python3.12 python3.11 python3}; do
        if ! python=$(command -v "$name") || ! is_new_enough "$python"; then continue; fi
        ! has_venv || return 0
        first=${first:-$python}
    done
    python=$first
    [ -n "$python" ] || give_up "no Python 3.11 or newer found; install one, or name it in LINACSIM_PYTHON"
}

# Debian ships Python without the part that puts pip into a new environment; either that part or a pip is needed.
need_venv() {
    ! has_venv && ! has_pip || return 0
    package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    ! may_install || apt_install "$package" || say "apt-get could not install $package"
    has_venv || give_up "$python cannot make an environment; run: apt-get install $package"
}

run_pip() {
    if "$venv/bin/python" -I -c 'import pip' 2>/dev/null; then
        PYTHONPATH='' "$venv/bin/python" -m pip -qq "$@" >&2
    else
        PYTHONPATH='' "$python" -m pip --python "$venv/bin/python" -qq "$@" >&2
    fi
}

# --- the environment -------------------------------------------------------------------------------------------------

# The PATH stays as it is: pynetdicom brings a storescu and a findscu of its own, which would hide DCMTK's from the tests.
environment() {
    wanted="$(cat "$root/ci/environment.sh" "$lock" | cksum) $root"
    project=$(cksum <"$root/pyproject.toml")
    is_ready || make_ready_alone
}

# The stamp says what the environment was made from; while it is being made, and after an interruption, "unfinished".
is_ready() {
    [ -x "$venv/bin/python" ] && [ "$(stamped)" = "$wanted $project" ]
}

stamped() {
    [ ! -f "$stamp" ] || cat "$stamp"
}

write_stamp() {
    printf '%s\n' "$1" >"$stamp.new" && mv -f "$stamp.new" "$stamp"
}

# Of two first runs at once, the second waits here and then finds everything done. The lock is held by file 9, which pip
# inherits: where this shell is killed, the next run still waits for the pip it has left behind.
make_ready_alone() {
    find_python
    exec 9<"$lock"
    "$python" -c '
import fcntl, sys
try:
    fcntl.flock(9, fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError:
    print("linacsim: waiting for another run that makes the environment", file=sys.stderr)
    fcntl.flock(9, fcntl.LOCK_EX)
' 9<&9 || say "cannot lock $lock; going on without"
    is_ready || make_ready
    exec 9<&-
}

make_ready() {
    case $(stamped) in
    "$wanted "*)
        say "pyproject.toml has changed; installing linacsim again"
        write_stamp unfinished
        ;;
    *)
        make_venv
        say "installing the packages of ci/requirements.lock (once, about a minute)"
        run_pip install --require-hashes -r "$lock" || give_up "could not install the packages; see above"
        ;;
    esac
    run_pip install --no-deps --no-build-isolation -e "$root" || give_up "could not install linacsim itself; see above"
    write_stamp "$wanted $project"
    say "the environment is ready"
}

make_venv() {
    if is_foreign; then
        is_new_enough "$venv/bin/python" || give_up "$venv was not made by these scripts and has no Python 3.11; remove it"
        say "$venv was not made by these scripts; installing into it"
        write_stamp unfinished
        return
    fi
    need_venv
    mkdir -p "$venv" 2>/dev/null && [ -w "$venv" ] || give_up "cannot write $venv; name a folder in LINACSIM_VENV"
    write_stamp unfinished
    find "$venv" -mindepth 1 -maxdepth 1 ! -name "${stamp##*/}" -exec rm -rf {} +
    say "making the environment $venv with $("$python" --version)"
    if has_venv; then without=; else without=--without-pip; fi
    "$python" -I -m venv $without "$venv" >&2 || give_up "could not make $venv; see above"
}

# True if somebody else made the environment: it must not be thrown away.
is_foreign() {
    [ ! -e "$stamp" ] && [ -n "$(ls -A "$venv" 2>/dev/null)" ]
}
