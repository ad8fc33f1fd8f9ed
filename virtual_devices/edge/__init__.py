"""Where the kit meets the world: topics, messages, MQTT, brokers, discovery, metrics."""
