"""A stand-in for the Kubeflow Pipelines API server, for what this project asks of one.

It answers as a server of version 2.17.0 did (tests/cluster/kfp_standin/answers.py says how), and
really runs what it is given: the compiled pipeline under `kfp.local`, in a pod of its own per run.
It imports nothing of this project, and does less than a server: no step has a pod of its own, a run
is answered from the cache only as a whole, and what tasks made is gone when a run is tried again.
"""
