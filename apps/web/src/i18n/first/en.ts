export { default as catalogue } from '@/features/catalogue/locales/en.json'
export { default as common } from '../common/en.json'
export { default as errors } from '../errors/en.json'
