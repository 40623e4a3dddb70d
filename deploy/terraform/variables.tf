variable "project" {
  description = "The Google Cloud project."
  type        = string
}

variable "region" {
  description = "Where everything stands."
  type        = string
  default     = "europe-west9"
}

variable "domain" {
  description = "The name that members use, as in shelf.example; its zone is made here."
  type        = string
}

variable "database_tier" {
  description = "The machine of PostgreSQL and of its replica. Eleven hosts need 286 connections."
  type        = string
  default     = "db-custom-2-8192"
}

variable "redis_gib" {
  description = "Memory of Redis. It holds nothing that PostgreSQL does not."
  type        = number
  default     = 1
}

variable "operators" {
  description = "Networks that may reach the cluster's API."
  type        = map(string)
  default     = {}
}
