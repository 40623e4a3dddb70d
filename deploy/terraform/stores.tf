resource "random_password" "database" {
  length  = 40
  special = false
}

resource "google_sql_database_instance" "primary" {
  name             = "folkshelf"
  database_version = "POSTGRES_15"

  depends_on          = [google_service_networking_connection.services]
  deletion_protection = true

  settings {
    tier              = var.database_tier
    edition           = "ENTERPRISE"
    availability_type = "REGIONAL"
    disk_autoresize   = true

    ip_configuration {
      ipv4_enabled    = false
      private_network = google_compute_network.folkshelf.id
      ssl_mode        = "ENCRYPTED_ONLY"
    }
    backup_configuration {
      enabled                        = true
      point_in_time_recovery_enabled = true
      transaction_log_retention_days = 7
    }
    database_flags {
      name  = "max_connections"
      value = "320"
    }
    insights_config {
      query_insights_enabled = true
    }
  }
}

resource "google_sql_database_instance" "replica" {
  name                 = "folkshelf-replica"
  database_version     = google_sql_database_instance.primary.database_version
  master_instance_name = google_sql_database_instance.primary.name

  settings {
    tier    = var.database_tier
    edition = "ENTERPRISE"

    ip_configuration {
      ipv4_enabled    = false
      private_network = google_compute_network.folkshelf.id
      ssl_mode        = "ENCRYPTED_ONLY"
    }
    # No fewer than the primary's, or it does not start.
    database_flags {
      name  = "max_connections"
      value = "320"
    }
  }
}

# Cloud SQL gives users that are made so the right to create roles, which `folkshelf migrate` needs.
resource "google_sql_user" "folkshelf" {
  name     = "folkshelf"
  instance = google_sql_database_instance.primary.name
  password = random_password.database.result
}

resource "google_sql_database" "folkshelf" {
  name     = "folkshelf"
  instance = google_sql_database_instance.primary.name
}

# The password and the private network guard it. For TLS set transit_encryption_mode, begin redis.url with rediss:// and
# give the hosts the certificate of its authority as redis.ca_file.
resource "google_redis_instance" "folkshelf" {
  name               = "folkshelf"
  tier               = "STANDARD_HA"
  memory_size_gb     = var.redis_gib
  redis_version      = "REDIS_7_2"
  authorized_network = google_compute_network.folkshelf.id
  connect_mode       = "PRIVATE_SERVICE_ACCESS"
  auth_enabled       = true
  redis_configs      = { maxmemory-policy = "noeviction" }
  depends_on         = [google_service_networking_connection.services]
}

# Dumps, exports, and later what the hosts keep as files.
resource "google_storage_bucket" "folkshelf" {
  name                        = "${var.project}-folkshelf"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"

  versioning {
    enabled = true
  }
  lifecycle_rule {
    condition {
      days_since_noncurrent_time = 30
    }
    action {
      type = "Delete"
    }
  }
}
