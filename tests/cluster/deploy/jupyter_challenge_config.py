"""The base's settings, and what is different where the tests run."""

c = get_config()  # noqa: F821

c.ChallengeConfig.data_dir = "/data"
c.ChallengeConfig.db_url = "postgresql+psycopg://challenge@postgres:5432/challenge"
c.ChallengeConfig.blob_url = "s3://challenge"
c.ChallengeConfig.parallel_runs = 8
c.ClusterConfig.db_password_file = "/secrets/database/password"
c.ClusterConfig.s3_endpoint = "http://minio:9000"
c.ClusterConfig.s3_allow_http = True
c.ClusterConfig.s3_access_key_file = "/secrets/storage/access-key-id"
c.ClusterConfig.s3_secret_key_file = "/secrets/storage/secret-access-key"
c.ClusterConfig.data_prefixes = ["s3://datasets/numbers"]
c.ClusterConfig.steps_image = "jupyter-challenge/steps:test"
c.ClusterConfig.server_namespaces = ["test-hub"]
c.ClusterConfig.server_images = ["docker.io/jupyter-challenge/*"]
c.ClusterConfig.submitted_images = ["cluster.test/submitted"]
c.ClusterConfig.data_images = ["cluster.test/data"]
c.ClusterConfig.image_patience_seconds = 20  # images are there, or never will be
c.ClusterConfig.notebook_image = "jupyter-challenge/notebook:test"
c.ClusterConfig.cpu_overcommit = 10.0  # the test cluster may have two cores for everything
