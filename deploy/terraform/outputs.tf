output "image" {
  description = "What the overlay names as newName."
  value       = "${var.region}-docker.pkg.dev/${var.project}/${google_artifact_registry_repository.images.repository_id}/folkshelf"
}

output "name_servers" {
  description = "What the registrar of the domain has to name."
  value       = google_dns_managed_zone.folkshelf.name_servers
}

output "ingress_address" {
  description = "The load balancer's address, for the ingress controller's service."
  value       = google_compute_address.ingress.address
}

output "replica" {
  value = google_sql_database_instance.replica.private_ip_address
}

# terraform output -raw settings: the beginning of folkshelf.toml. Add context_password and [auth] token_secret, drawn anew.
output "settings" {
  sensitive = true
  value     = <<-TOML
    [database]
    url = "postgres://folkshelf:${random_password.database.result}@${google_sql_database_instance.primary.private_ip_address}:5432/folkshelf?sslmode=require"
    [redis]
    url = "redis://:${google_redis_instance.folkshelf.auth_string}@${google_redis_instance.folkshelf.host}:${google_redis_instance.folkshelf.port}"
  TOML
}
