//! Seeded virtual measurement stations, honest and adversarial, behind the HAL
