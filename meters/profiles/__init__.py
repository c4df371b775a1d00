"""How files are to be read, saved under names: for the command line, watched folders and the upload form."""

from meters.profiles.actions import remove_profile, save_profile
from meters.profiles.queries import SavedProfile, asked_with, profile_named, profiles

__all__ = ["SavedProfile", "asked_with", "profile_named", "profiles", "remove_profile", "save_profile"]
