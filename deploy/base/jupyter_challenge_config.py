"""What the service and the gateway read; an installation replaces it by its own."""

c = get_config()  # noqa: F821

c.ChallengeConfig.data_dir = "/data"
c.ChallengeConfig.db_url = "postgresql+psycopg://challenge@postgres:5432/challenge"
c.ChallengeConfig.blob_url = "s3://challenge"
c.ClusterConfig.db_password_file = "/secrets/database/password"
c.ClusterConfig.s3_access_key_file = "/secrets/storage/access-key-id"
c.ClusterConfig.s3_secret_key_file = "/secrets/storage/secret-access-key"
