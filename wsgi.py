"""What a WSGI server imports."""

from importlib import import_module

from erp.kernel.loading import loading

with loading():
    app = import_module("erp.app").create_app()
