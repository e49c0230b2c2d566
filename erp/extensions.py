"""Flask extensions, created bare so that doors may import them without importing the application."""

from flask_compress import Compress
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import LoginManager
from flask_wtf import CSRFProtect

compress = Compress()
csrf = CSRFProtect()
limiter = Limiter(get_remote_address, headers_enabled=True, swallow_errors=True)
login_manager = LoginManager()
login_manager.login_view = "sessions.new"
login_manager.session_protection = "basic"
