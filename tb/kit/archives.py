"""Archives of made-up files."""

import io
import tarfile
from pathlib import Path


def archive(path: Path, members: dict[str, bytes]) -> None:
    """Writes a tar file to ``path``, packed as its last suffix says; ``NAME/`` is a folder."""
    with tarfile.open(path, f"w:{path.suffix[1:]}") as file:
        for name, data in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            member.type = tarfile.DIRTYPE if name.endswith("/") else tarfile.REGTYPE
            file.addfile(member, io.BytesIO(data))
