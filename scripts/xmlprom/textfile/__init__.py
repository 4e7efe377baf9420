"""From families to `.prom` files."""
