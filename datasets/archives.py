"""What can be fetched, from where, how large it is and what it must hash to.

Source  https://cvml.unige.ch/databases/DEAM/; sizes and checksums as several loaders of DEAM quote
        them. For `features` nobody has published a checksum, for `audio` one source alone has.
"""

from dataclasses import dataclass

OFFICIAL = "https://cvml.unige.ch/databases/DEAM/"
LICENCE = "DEAM is for non-commercial research (CC BY-NC); its clips are Creative Commons tracks."


@dataclass(frozen=True, kw_only=True)
class Archive:
    """One zip file of the official release and the folder of DEAM/ it becomes."""

    file: str
    folder: str  # of DEAM/, and inside the archive
    n_bytes: int
    sha256: str | None
    summary: str

    @property
    def is_exact(self) -> bool:
        """Tell whether `n_bytes` was published with the checksum, or is what others say."""
        return self.sha256 is not None


ARCHIVES = {
    "annotations": Archive(
        file="DEAM_Annotations.zip",
        folder="annotations",
        n_bytes=4_735_283,
        sha256="809b0feb4ba6196c1eda9b2b7b33b892b11fa71457cfceb0d47e832ed1a5f15f",
        summary="valence and arousal of 1802 songs: needed for everything",
    ),
    "features": Archive(
        file="features.zip",
        folder="features",
        n_bytes=601_000_000,
        sha256=None,
        summary="feature set baseline, as the paper used it",
    ),
    "audio": Archive(
        file="DEAM_audio.zip",
        folder="MEMD_audio",
        n_bytes=1_343_203_527,
        sha256="e2814325f573ade8caebc697f0efcfdf7207142b737d72558a416117ca591353",
        summary="feature sets made from audio: logmel, logmel32, and baseline without features",
    ),
    "metadata": Archive(
        file="metadata.zip",
        folder="metadata",
        n_bytes=344_760,
        sha256="3d1d5ab42e852803a770f2cfbd685c6b464e1ebe76f26b0e10954597902b90f8",
        summary="titles, artists, genres: not needed for training",
    ),
}
FOR_THE_PAPER = ("annotations", "features")  # what `data download` gets if nothing is named
