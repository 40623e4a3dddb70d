import type { components } from '@/api/schema'

export type Import = components['schemas']['ImportView']
export type ImportSummary = components['schemas']['ImportSummary']
export type OpenRows = components['schemas']['OpenRows']
