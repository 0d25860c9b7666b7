"""What has been seen, and what is derived from it. The only user of SQLAlchemy and Alembic."""
