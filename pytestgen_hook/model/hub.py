"""Model files from the Hugging Face Hub, through its own client: its cache, its token, its endpoint, its transfers."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytestgen_hook.model.extra import Unavailable, missing_extra, room_for
from pytestgen_hook.types.settings import Model

_SHA256 = re.compile(r"[0-9a-f]{64}")
_MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Found:
    """A file in the Hub's cache, with the digest that it should have."""

    path: Path
    sha256: str


def is_offline() -> bool:
    """Whether the user has forbidden the network by HF_HUB_OFFLINE; FatalError without the client."""
    return bool(_client().constants.HF_HUB_OFFLINE)


def cached(model: Model) -> Found | None:
    """Return the file if the Hub's cache has it, whichever program put it there; the network is not used."""
    client = _client()
    for repo in (model.repo, *model.mirrors):
        try:
            path = client.try_to_load_from_cache(repo, model.file, revision=model.revision)
        except ValueError:  # not a name that a repository can have
            continue
        digest = model.sha256 or (_stated_in_cache(Path(path)) if isinstance(path, str) else None)
        if isinstance(path, str) and digest:
            return Found(Path(path), digest)
    return None


def download(model: Model, stage: Callable[[int], None], step: Callable[[], None]) -> Found:
    """Download the file into the Hub's cache and return it there; Unavailable, with the reason, if that cannot be.

    ``stage`` is told how many MiB there are to come, and ``step`` is called for each. The cache may only miss the file
    if it has no good one. A transfer that breaks off goes on where it was; one that is killed begins anew.
    """
    reasons = []
    for repo in (model.repo, *model.mirrors):
        try:
            with _explained(model, repo):
                return _download_from(model, repo, stage, step)
        except Unavailable as error:
            reasons.append(str(error))
    raise Unavailable("; ".join(dict.fromkeys(reasons)))


def discard(found: Found) -> None:
    """Remove a file with wrong bytes from the Hub's cache, so that nothing gives it out again."""
    link = found.path
    blob = link.parent / link.readlink() if link.is_symlink() else link
    for path in (blob.resolve(), blob, link):
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


def _download_from(model: Model, repo: str, stage: Callable[[int], None], step: Callable[[], None]) -> Found:
    client = _client()
    cache = Path(client.constants.HF_HUB_CACHE)
    stated = client.get_hf_file_metadata(client.hf_hub_url(repo, model.file, revision=model.revision))
    digest = stated.etag if stated.etag and _SHA256.fullmatch(stated.etag) else model.sha256
    if digest is None:
        raise Unavailable(
            f"{repo} does not state the SHA-256 of {model.file}: declare the model with it in the settings"
        )
    if digest != (model.sha256 or digest):
        raise Unavailable(f"{repo} has another {model.file} by now (SHA-256 {digest[:12]}…, not {model.sha256:.12}…)")
    size = stated.size or model.size or model.about or 0
    if model.size and stated.size and stated.size != model.size:
        raise Unavailable(f"{repo} has a {model.file} of {stated.size} bytes by now, not {model.size}")
    _remove_leftovers(cache, repo, stated.etag)
    room_for(size, cache)
    stage(size // _MIB)
    path = client.hf_hub_download(
        repo,
        model.file,
        revision=model.revision,
        tqdm_class=_bar(step),
        library_name="pytestgen-hook",
    )
    return Found(Path(path), digest)


# -- the cache of the Hub --------------------------------------------------------------------------------------------


def _stated_in_cache(path: Path) -> str | None:
    """The cache calls a file by what the Hub states of it: of large files that is the SHA-256."""
    name = path.readlink().name if path.is_symlink() else ""
    return name if _SHA256.fullmatch(name) else None


def _remove_leftovers(cache: Path, repo: str, etag: str | None) -> None:
    """Remove what killed downloads of this file have left, unless one is running: it would never be used again."""
    from filelock import FileLock, Timeout
    from huggingface_hub.file_download import repo_folder_name

    name = repo_folder_name(repo_id=repo, repo_type="model")
    left = sorted((cache / name / "blobs").glob(f"{etag}.?*.incomplete"))
    if not etag or not left:
        return
    with contextlib.suppress(OSError, Timeout), FileLock(cache / ".locks" / name / f"{etag}.lock", timeout=0):
        for path in left:
            path.unlink(missing_ok=True)


# -- the client ------------------------------------------------------------------------------------------------------


def _client() -> Any:
    try:
        import huggingface_hub.constants
        import huggingface_hub.errors
        from huggingface_hub.utils import logging
    except ImportError:
        raise missing_extra("huggingface-hub") from None

    logging.set_verbosity_error()  # what goes wrong is said once, by us
    return huggingface_hub


def _bar(step: Callable[[], None]) -> type:
    """Return a class of progress bars, as the client makes them, that shows nothing and calls ``step`` for each MiB."""
    from huggingface_hub.utils import tqdm

    bars: list[object] = []

    class Bar(tqdm):  # type: ignore[misc]  # mypy does not look into the client
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **{**options, "disable": True})
            self._bytes = 0
            bars.append(self)

        def update(self, n: float | None = 1) -> None:
            if self is not bars[0]:  # another view of the same bytes
                return
            before, self._bytes = self._bytes, self._bytes + int(n or 0)
            for _ in range(self._bytes // _MIB - before // _MIB):
                step()

    return Bar


@contextlib.contextmanager
def _explained(model: Model, repo: str) -> Iterator[None]:
    """Turn what the client raises into one line, without its addresses and its advice for programmers."""
    errors = _client().errors
    endpoint = _client().constants.ENDPOINT
    try:
        yield
    except errors.GatedRepoError:
        raise Unavailable(
            f"{repo} asks for consent: give it on {endpoint}/{repo}, then set HF_TOKEN or run hf auth login"
        ) from None
    except errors.RepositoryNotFoundError:
        raise Unavailable(f"{endpoint} has no repository {repo}, or shows it only to some: set HF_TOKEN") from None
    except errors.RevisionNotFoundError:
        raise Unavailable(f"{repo} has no revision {model.revision}") from None
    except errors.LocalEntryNotFoundError as error:
        raise Unavailable(f"{endpoint} cannot be reached: {_reason(error.__cause__ or error)}") from None
    except errors.EntryNotFoundError:
        raise Unavailable(f"{repo} has no file {model.file} in revision {model.revision}") from None
    except errors.HfHubHTTPError as error:
        status = error.response.status_code
        hint = ": the token is refused, renew HF_TOKEN or run hf auth login" if status in (401, 403) else ""
        raise Unavailable(f"{endpoint} answered {status} for {repo}{hint}") from None
    except (errors.HTTPError, errors.FileMetadataError, errors.OfflineModeIsEnabled) as error:
        raise Unavailable(f"{endpoint} cannot be reached: {_reason(error)}") from None
    except errors.HFValidationError:
        raise Unavailable(f"{repo} is not a name that a repository of the Hub can have") from None
    except OSError as error:
        if error.errno is not None:  # of the disk: the one below this can tell more
            raise
        raise Unavailable(f"the transfer from {endpoint} broke off: {_reason(error)}") from None


def _reason(error: BaseException) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].rstrip(".")[:200]
