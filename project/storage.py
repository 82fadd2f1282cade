"""How static files are stored for production."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStaticFiles(CompressedManifestStaticFilesStorage):
    """Files under names with a hash of their content, compressed; also those that modules import.

    Otherwise a module would import its parts by names that are cached shortly, and a browser could
    mix those of two releases.
    """

    support_js_module_import_aggregation = True
