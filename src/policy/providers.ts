// Names of MX hosts that lead to one system although they differ between domains: a sender that kept such
// domains apart would give each of them the provider's whole limit. Shipped with their sources; a policy adds
// its own under `destination.providers`.

/** Patterns of MX names, lower case; domains whose MX match the same pattern are one site. */
export const SHIPPED_PROVIDERS: readonly string[] = [
  // Microsoft names an MX host for each domain, in two families for business and consumer mailboxes and a third
  // one with DNSSEC; each family is one group of servers. Source: shaping.toml of KumoMTA, which limits the
  // connections to each as one provider, and Microsoft's announcement of inbound SMTP DANE, to which it refers:
  // https://github.com/KumoCorp/kumomta/blob/016ebf4441b5a35dc896e1781cd9686a3413792e/assets/policy-extras/shaping.toml
  // https://techcommunity.microsoft.com/t5/exchange-team-blog/implementing-inbound-smtp-dane-with-dnssec-for-exchange-online/ba-p/3939694
  '*.mail.protection.outlook.com',
  '*.olc.protection.outlook.com',
  '*.mx.microsoft',
  // Gmail and Google Workspace have different MX names, which resolve to common addresses. Source: the same file.
  '*.google.com',
];
