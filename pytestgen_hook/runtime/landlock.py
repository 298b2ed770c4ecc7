"""Landlock: the kernel lets this process write only below given folders, and reach no process outside."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable

from linux import system_call

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_GET_VERSION = 1
_RULE_PATH_BENEATH = 1

# Bits of the rights on files: writing itself, and making and removing entries of folders.
_WRITE_FILE = 1 << 1
_CHANGE_FOLDERS = sum(1 << bit for bit in (4, 5, 6, 7, 8, 9, 10, 11, 12))
_MOVE_BETWEEN_FOLDERS = 1 << 13  # since version 2
_TRUNCATE = 1 << 14  # since version 3
_CONTROL_DEVICES = 1 << 15  # since version 5
_TCP_BIND_AND_CONNECT = 3  # since version 4
_ABSTRACT_SOCKETS_AND_SIGNALS = 3  # since version 6

# Programs write to these to write nowhere.
DEVICES = ("/dev/null", "/dev/zero", "/dev/full")


def version() -> int:
    """Return the version of Landlock that the kernel offers; 0 if none."""
    return max(0, system_call(_CREATE_RULESET, None, 0, _GET_VERSION))


def restrict(writable: Iterable[str]) -> bool:
    """Let this process and all it starts write only below the folders ``writable``; return whether that is so."""
    offered = version()
    if offered < 1:
        return False
    file_rights = _WRITE_FILE | (_TRUNCATE if offered >= 3 else 0)
    rights = file_rights | _CHANGE_FOLDERS | (_MOVE_BETWEEN_FOLDERS if offered >= 2 else 0)
    fields = [rights | (_CONTROL_DEVICES if offered >= 5 else 0)]
    if offered >= 4:
        fields.append(_TCP_BIND_AND_CONNECT)
    if offered >= 6:
        fields.append(_ABSTRACT_SOCKETS_AND_SIGNALS)
    ruleset = system_call(_CREATE_RULESET, struct.pack("Q" * len(fields), *fields), 8 * len(fields), 0)
    if ruleset < 0:
        return False
    try:
        for folder in writable:
            _allow(ruleset, folder, rights)
        for device in DEVICES:
            _allow(ruleset, device, file_rights)
        return system_call(_RESTRICT_SELF, ruleset, 0) == 0
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: str, rights: int) -> None:
    """Add a rule; a path that does not exist gets none, so that nothing can be written there."""
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        system_call(_ADD_RULE, ruleset, _RULE_PATH_BENEATH, struct.pack("=Qi", rights, place), 0)
    finally:
        os.close(place)
