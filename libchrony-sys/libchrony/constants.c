/* The named values of fields. Each table ends with a NULL name. */
#include "constants.h"

const chronyi_constant chronyi_leap[] = {
  {0, "normal"},
  {1, "insert second"},
  {2, "delete second"},
  {3, "not synchronized"},
  {0, NULL}
};

const chronyi_constant chronyi_source_state[] = {
  {0, "selected"},
  {1, "nonselectable"},
  {2, "falseticker"},
  {3, "jittery"},
  {4, "unselected"},
  {5, "selectable"},
  {0, NULL}
};

const chronyi_constant chronyi_source_mode[] = {
  {0, "client"},
  {1, "peer"},
  {2, "reference clock"},
  {0, NULL}
};

/* "outlier" and "unacceptable stratum" are additions: chronyd sends them, upstream has no names. */
const chronyi_constant chronyi_select_state[] = {
  {'N', "ignored"},
  {'s', "not synchronized"},
  {'M', "missing samples"},
  {'d', "unacceptable distance"},
  {'D', "large distance"},
  {'~', "jittery"},
  {'w', "waiting for others"},
  {'W', "missing selectable sources"},
  {'S', "stale"},
  {'O', "orphan"},
  {'T', "not trusted"},
  {'P', "not preferred"},
  {'U', "waiting for update"},
  {'x', "falseticker"},
  {'+', "combined"},
  {'*', "best"},
  {'L', "outlier"},
  {'r', "unacceptable stratum"},
  {0, NULL}
};

const chronyi_constant chronyi_select_options[] = {
  {0x1, "noselect"},
  {0x2, "prefer"},
  {0x4, "trust"},
  {0x8, "require"},
  {0, NULL}
};

const chronyi_constant chronyi_auth_mode[] = {
  {0, "none"},
  {1, "symmetric key"},
  {2, "NTS"},
  {0, NULL}
};

/* 16, 17 and 31 are additions, by IANA's registry of AEAD algorithms. */
const chronyi_constant chronyi_key_type[] = {
  {1, "MD5"},
  {2, "SHA1"},
  {3, "SHA256"},
  {4, "SHA384"},
  {5, "SHA512"},
  {6, "SHA3-224"},
  {7, "SHA3-256"},
  {8, "SHA3-384"},
  {9, "SHA3-512"},
  {10, "TIGER"},
  {11, "WHIRLPOOL"},
  {13, "AES128"},
  {14, "AES256"},
  {15, "AEAD-AES-SIV-CMAC-256"},
  {16, "AEAD-AES-SIV-CMAC-384"},
  {17, "AEAD-AES-SIV-CMAC-512"},
  {30, "AEAD-AES-128-GCM-SIV"},
  {31, "AEAD-AES-256-GCM-SIV"},
  {0, NULL}
};

const chronyi_constant chronyi_ntp_mode[] = {
  {1, "active symmetric"},
  {2, "passive symmetric"},
  {4, "server"},
  {0, NULL}
};

const chronyi_constant chronyi_timestamping[] = {
  {'D', "daemon"},
  {'K', "kernel"},
  {'H', "hardware"},
  {0, NULL}
};

/* testB and testC stand as chronyd means them; upstream has the two names exchanged. */
const chronyi_constant chronyi_ntp_flags[] = {
  {0x200, "test1"},
  {0x100, "test2"},
  {0x80, "test3"},
  {0x40, "test5"},
  {0x20, "test6"},
  {0x10, "test7"},
  {0x8, "testA"},
  {0x4, "testB"},
  {0x2, "testC"},
  {0x1, "testD"},
  {0x4000, "interleaved"},
  {0x8000, "authenticated"},
  {0, NULL}
};

const chronyi_constant chronyi_smoothing_flags[] = {
  {0x1, "active"},
  {0x2, "leaponly"},
  {0, NULL}
};
