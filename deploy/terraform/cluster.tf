# Nodes come and go with the pods.
resource "google_container_cluster" "folkshelf" {
  name                = "folkshelf"
  location            = var.region
  enable_autopilot    = true
  network             = google_compute_network.folkshelf.id
  subnetwork          = google_compute_subnetwork.folkshelf.id
  deletion_protection = true

  ip_allocation_policy {
    cluster_secondary_range_name  = "pods"
    services_secondary_range_name = "services"
  }
  private_cluster_config {
    enable_private_nodes = true
  }
  master_authorized_networks_config {
    dynamic "cidr_blocks" {
      for_each = var.operators
      content {
        display_name = cidr_blocks.key
        cidr_block   = cidr_blocks.value
      }
    }
  }
  release_channel {
    channel = "REGULAR"
  }
}

resource "google_artifact_registry_repository" "images" {
  repository_id = "folkshelf"
  location      = var.region
  format        = "DOCKER"
}
