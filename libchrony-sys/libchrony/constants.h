/* The named values of fields. Internal; every symbol is hidden. */
#ifndef CHRONYI_CONSTANTS_H
#define CHRONYI_CONSTANTS_H

#include "message.h"

extern const chronyi_constant chronyi_leap[];
extern const chronyi_constant chronyi_source_state[];
extern const chronyi_constant chronyi_source_mode[];
extern const chronyi_constant chronyi_select_state[];
extern const chronyi_constant chronyi_select_options[];
extern const chronyi_constant chronyi_auth_mode[];
extern const chronyi_constant chronyi_key_type[];
extern const chronyi_constant chronyi_ntp_mode[];
extern const chronyi_constant chronyi_timestamping[];
extern const chronyi_constant chronyi_ntp_flags[];
extern const chronyi_constant chronyi_smoothing_flags[];

#endif
