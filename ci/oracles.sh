#!/bin/sh
# Makes the environments of the programs that judge our images and objects: sh ci/oracles.sh [pylinac] [rtk] [validator];
# without a name all of them.
# They want other versions of pydicom than linacsim, or a lot of room (rtk: 1.7 GB), so each lives on its own and only files
# are exchanged. What is there already is left alone.
#
#   LINACSIM_ORACLES   where they are, instead of .oracles in the project's root
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
. "$root/ci/environment.sh"

oracles=${LINACSIM_ORACLES:-$root/.oracles}

make_oracle() {
    place=$oracles/$1
    shift
    [ ! -e "$place/ready" ] || return 0
    find_python
    need_venv
    rm -rf "$place"
    say "making $place: $*"
    "$python" -I -m venv "$place" >&2 || give_up "could not make $place; see above"
    "$place/bin/python" -m pip -qq install "$@" >&2 || give_up "could not install $*; see above"
    : >"$place/ready"
}

[ $# -gt 0 ] || set -- pylinac rtk validator
for name in "$@"; do
    case $name in
    pylinac) make_oracle pylinac "pylinac==3.49.0" "pydicom<3" ;;
    rtk) make_oracle rtk "itk-rtk==2.7.0.post1" ;;
    # The tables of the standard come with dicom-standard: dicom-validator would fetch them.
    validator) make_oracle validator "dicom-validator==0.9.0" "dicom-standard==0.1.0" ;;
    *) give_up "there is no oracle called $name; there are pylinac, rtk and validator" ;;
    esac
done
