resource "google_compute_network" "folkshelf" {
  name                    = "folkshelf"
  auto_create_subnetworks = false
}

resource "google_compute_subnetwork" "folkshelf" {
  name                     = "folkshelf"
  network                  = google_compute_network.folkshelf.id
  ip_cidr_range            = "10.10.0.0/20"
  private_ip_google_access = true

  secondary_ip_range {
    range_name    = "pods"
    ip_cidr_range = "10.12.0.0/14"
  }
  secondary_ip_range {
    range_name    = "services"
    ip_cidr_range = "10.16.0.0/20"
  }
}

# PostgreSQL and Redis have addresses of this network, and none of the world. The production overlay's NetworkPolicy names it.
resource "google_compute_global_address" "services" {
  name          = "folkshelf-services"
  network       = google_compute_network.folkshelf.id
  purpose       = "VPC_PEERING"
  address_type  = "INTERNAL"
  address       = "10.20.0.0"
  prefix_length = 16
}

resource "google_service_networking_connection" "services" {
  network                 = google_compute_network.folkshelf.id
  service                 = "servicenetworking.googleapis.com"
  reserved_peering_ranges = [google_compute_global_address.services.name]
}

# Nodes have no address of the world; what they fetch goes out here.
resource "google_compute_router" "folkshelf" {
  name    = "folkshelf"
  network = google_compute_network.folkshelf.id
}

resource "google_compute_router_nat" "folkshelf" {
  name                               = "folkshelf"
  router                             = google_compute_router.folkshelf.name
  nat_ip_allocate_option             = "AUTO_ONLY"
  source_subnetwork_ip_ranges_to_nat = "ALL_SUBNETWORKS_ALL_IP_RANGES"
}

# The ingress controller's address, and the name that leads to it.
resource "google_compute_address" "ingress" {
  name = "folkshelf-ingress"
}

resource "google_dns_managed_zone" "folkshelf" {
  name     = "folkshelf"
  dns_name = "${var.domain}."

  dnssec_config {
    state = "on"
  }
}

resource "google_dns_record_set" "folkshelf" {
  managed_zone = google_dns_managed_zone.folkshelf.name
  name         = google_dns_managed_zone.folkshelf.dns_name
  type         = "A"
  ttl          = 300
  rrdatas      = [google_compute_address.ingress.address]
}
