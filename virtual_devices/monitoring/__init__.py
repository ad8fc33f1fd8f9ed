"""What Prometheus and Grafana are given: rules, alerts, dashboards."""
