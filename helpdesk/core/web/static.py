from whitenoise.storage import CompressedManifestStaticFilesStorage


class ModuleStaticFilesStorage(CompressedManifestStaticFilesStorage):
    """Immutable names, also inside `import … from` of our ES modules."""

    support_js_module_import_aggregation = True
    manifest_strict = False
