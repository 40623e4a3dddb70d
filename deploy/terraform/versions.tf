# Never applied: written after the provider's documentation and formatted, no more (docs/operations.md).
terraform {
  required_version = ">= 1.11"
  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 7.0"
    }
    random = {
      source  = "hashicorp/random"
      version = "~> 3.7"
    }
  }
  # The state holds passwords: a bucket of its own, with versions, for operators alone.
  backend "gcs" {
    prefix = "folkshelf"
  }
}

provider "google" {
  project = var.project
  region  = var.region
}
