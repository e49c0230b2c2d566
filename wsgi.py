"""What a WSGI server imports."""

from erp.app import create_app

app = create_app()
