export { useChooseLanguage } from './language'
