export { default as catalogue } from '@/features/catalogue/locales/fr.json'
export { default as common } from '../common/fr.json'
export { default as errors } from '../errors/fr.json'
