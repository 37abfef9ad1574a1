// ts-proto appends `Service` to names that have it already.
export { RobustnessServiceService as RobustnessServiceDefinition } from '../../contract/robustgate/v1/robustness_service.js';

/** Full name of our service. */
export const ROBUSTNESS_SERVICE = 'robustgate.v1.RobustnessService';
