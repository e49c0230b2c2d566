"""Work done by RQ workers: a job takes subjects (ids), calls one verb, and may safely run twice."""
