/** Where and by whom the commands of the Slack bench are said. */
export const channel = 'C0HELP';
export const user = 'U0HANA';
