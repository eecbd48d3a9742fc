#![cfg_attr(fuzzing, no_main)]

second_hand_fuzz::target!(wrapper);
