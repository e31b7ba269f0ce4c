// Written by `cargo xtask ensembles` `narrow`, `short`, `middle` and `long`.
//! Degree distributions: fraction of block columns of each degree.

use crate::ensemble::Ensemble;

/// Columns of at most 40 edges: within 1 to 5 % of the Slepian-Wolf bound, with thresholds by discretised density evolution.
#[rustfmt::skip]
pub(crate) static NARROW: &[Ensemble] = &[
    // Row degree 428, leak rate over entropy 1.2771.
    Ensemble { leak_rate: 0.01277, threshold: 0.01, shares: &[(2, 0.0179), (3, 0.5200), (8, 0.2888), (9, 0.1733)] },
    // Row degree 278.20, leak rate over entropy 1.1390.
    Ensemble { leak_rate: 0.02278, threshold: 0.02, shares: &[(2, 0.0319), (3, 0.5048), (7, 0.2651), (14, 0.1337), (16, 0.0645)] },
    // Row degree 185, leak rate over entropy 1.0550.
    Ensemble { leak_rate: 0.04220, threshold: 0.04, shares: &[(2, 0.0591), (3, 0.5095), (8, 0.1164), (9, 0.2047), (20, 0.0180), (32, 0.0834), (40, 0.0090)] },
    // Row degree 125, leak rate over entropy 1.0448.
    Ensemble { leak_rate: 0.06269, threshold: 0.06, shares: &[(2, 0.0878), (3, 0.5091), (8, 0.0878), (9, 0.2039), (20, 0.0431), (40, 0.0683)] },
    // Row degree 90, leak rate over entropy 1.0419.
    Ensemble { leak_rate: 0.08335, threshold: 0.08, shares: &[(2, 0.1167), (3, 0.5022), (8, 0.0695), (9, 0.2090), (20, 0.0331), (24, 0.0075), (40, 0.0621)] },
    // Row degree 64, leak rate over entropy 1.0364.
    Ensemble { leak_rate: 0.11401, threshold: 0.11, shares: &[(2, 0.1596), (3, 0.4807), (8, 0.0819), (9, 0.1748), (16, 0.0318), (18, 0.0021), (40, 0.0690)] },
    // Row degree 48, leak rate over entropy 1.0324.
    Ensemble { leak_rate: 0.14599, threshold: 0.1414, shares: &[(2, 0.2034), (3, 0.4499), (8, 0.1606), (9, 0.0742), (14, 0.0333), (16, 0.0129), (40, 0.0656)] },
    // Row degree 36, leak rate over entropy 1.0298.
    Ensemble { leak_rate: 0.18537, threshold: 0.18, shares: &[(2, 0.2352), (3, 0.4384), (8, 0.1429), (9, 0.0872), (16, 0.0372), (40, 0.0591)] },
    // Row degree 27, leak rate over entropy 1.0265.
    Ensemble { leak_rate: 0.23609, threshold: 0.23, shares: &[(2, 0.2737), (3, 0.4187), (8, 0.1896), (9, 0.0119), (14, 0.0499), (40, 0.0562)] },
    // Row degree 21, leak rate over entropy 1.0237.
    Ensemble { leak_rate: 0.29317, threshold: 0.2864, shares: &[(2, 0.3147), (3, 0.3948), (7, 0.0071), (8, 0.1766), (12, 0.0496), (40, 0.0571)] },
    // Row degree 17.2, leak rate over entropy 1.0220.
    Ensemble { leak_rate: 0.34748, threshold: 0.34, shares: &[(2, 0.3523), (3, 0.3683), (7, 0.0807), (9, 0.1212), (10, 0.0196), (40, 0.0579)] },
    // Row degree 13.9, leak rate over entropy 1.0201.
    Ensemble { leak_rate: 0.41030, threshold: 0.4022, shares: &[(2, 0.3942), (3, 0.3322), (6, 0.0715), (7, 0.0057), (9, 0.1423), (40, 0.0542)] },
    // Row degree 11.1, leak rate over entropy 1.0187.
    Ensemble { leak_rate: 0.48898, threshold: 0.48, shares: &[(2, 0.4410), (3, 0.2899), (5, 0.0589), (8, 0.1174), (9, 0.0408), (40, 0.0519)] },
    // Row degree 8.9, leak rate over entropy 1.0158.
    Ensemble { leak_rate: 0.56883, threshold: 0.56, shares: &[(2, 0.4611), (3, 0.3092), (6, 0.0486), (8, 0.0848), (9, 0.0519), (40, 0.0444)] },
    // Row degree 6.9, leak rate over entropy 1.0125.
    Ensemble { leak_rate: 0.65813, threshold: 0.65, shares: &[(2, 0.4980), (3, 0.2974), (6, 0.0262), (7, 0.1007), (12, 0.0470), (40, 0.0307)] },
    // Row degree 5.7, leak rate over entropy 1.0111.
    Ensemble { leak_rate: 0.73809, threshold: 0.73, shares: &[(2, 0.5316), (3, 0.2853), (6, 0.0229), (7, 0.0965), (12, 0.0287), (14, 0.0103), (40, 0.0247)] },
    // Row degree 4.6, leak rate over entropy 1.0097.
    Ensemble { leak_rate: 0.81915, threshold: 0.8113, shares: &[(2, 0.5750), (3, 0.2685), (6, 0.0066), (7, 0.1098), (16, 0.0249), (40, 0.0151)] },
    // Row degree 3.8, leak rate over entropy 1.0085.
    Ensemble { leak_rate: 0.88749, threshold: 0.88, shares: &[(2, 0.6272), (3, 0.2444), (6, 0.0084), (7, 0.0923), (16, 0.0037), (18, 0.0150), (40, 0.0090)] },
    // Row degree 3.1, leak rate over entropy 1.0071.
    Ensemble { leak_rate: 0.95674, threshold: 0.95, shares: &[(2, 0.7029), (3, 0.2043), (6, 0.0307), (7, 0.0411), (12, 0.0131), (40, 0.0080)] },
];

/// Columns of at most 64 edges and room in every pass.
#[rustfmt::skip]
pub(crate) static SHORT: &[Ensemble] = &[
    // Row degree 428, leak rate over entropy 1.2771.
    Ensemble { leak_rate: 0.01277, threshold: 0.01, shares: &[(2, 0.0179), (3, 0.5200), (8, 0.2888), (9, 0.1733)] },
    // Row degree 278.20, leak rate over entropy 1.1390.
    Ensemble { leak_rate: 0.02278, threshold: 0.02, shares: &[(2, 0.0319), (3, 0.5048), (7, 0.2651), (14, 0.1337), (16, 0.0645)] },
    // Row degree 188.7, leak rate over entropy 1.0668.
    Ensemble { leak_rate: 0.04267, threshold: 0.04, shares: &[(2, 0.0597), (3, 0.5043), (8, 0.1656), (9, 0.1480), (20, 0.0379), (24, 0.0235), (40, 0.0610)] },
    // Row degree 127.9, leak rate over entropy 1.0562.
    Ensemble { leak_rate: 0.06337, threshold: 0.06, shares: &[(2, 0.0887), (3, 0.5036), (8, 0.1148), (9, 0.1783), (24, 0.0724), (50, 0.0389), (64, 0.0033)] },
    // Row degree 91.6, leak rate over entropy 1.0538.
    Ensemble { leak_rate: 0.08430, threshold: 0.08, shares: &[(2, 0.1180), (3, 0.4966), (8, 0.0968), (9, 0.1823), (24, 0.0667), (50, 0.0396)] },
    // Row degree 72.5, leak rate over entropy 1.0495.
    Ensemble { leak_rate: 0.10495, threshold: 0.1, shares: &[(2, 0.1469), (3, 0.4816), (8, 0.1125), (9, 0.1553), (24, 0.0668), (50, 0.0279), (64, 0.0090)] },
    // Row degree 57.7, leak rate over entropy 1.0441.
    Ensemble { leak_rate: 0.13052, threshold: 0.125, shares: &[(2, 0.1827), (3, 0.4564), (8, 0.1646), (9, 0.0919), (24, 0.0737), (50, 0.0058), (64, 0.0249)] },
    // Row degree 49.4, leak rate over entropy 1.0409.
    Ensemble { leak_rate: 0.15093, threshold: 0.145, shares: &[(2, 0.2082), (3, 0.4378), (8, 0.2127), (9, 0.0338), (20, 0.0189), (24, 0.0583), (64, 0.0304)] },
    // Row degree 44, leak rate over entropy 1.0403.
    Ensemble { leak_rate: 0.16644, threshold: 0.16, shares: &[(2, 0.2209), (3, 0.4334), (8, 0.2113), (9, 0.0295), (20, 0.0210), (24, 0.0542), (64, 0.0298)] },
    // Row degree 39.5, leak rate over entropy 1.0396.
    Ensemble { leak_rate: 0.18193, threshold: 0.175, shares: &[(2, 0.2333), (3, 0.4285), (8, 0.2081), (9, 0.0281), (20, 0.0193), (24, 0.0541), (64, 0.0286)] },
    // Row degree 34.8, leak rate over entropy 1.0386.
    Ensemble { leak_rate: 0.20253, threshold: 0.195, shares: &[(2, 0.2494), (3, 0.4209), (8, 0.2198), (9, 0.0090), (20, 0.0280), (24, 0.0447), (64, 0.0284)] },
    // Row degree 30.2, leak rate over entropy 1.0372.
    Ensemble { leak_rate: 0.22818, threshold: 0.22, shares: &[(2, 0.2688), (3, 0.4112), (8, 0.2222), (20, 0.0302), (24, 0.0398), (64, 0.0279)] },
    // Row degree 26, leak rate over entropy 1.0356.
    Ensemble { leak_rate: 0.25891, threshold: 0.25, shares: &[(2, 0.2914), (3, 0.3972), (7, 0.0283), (8, 0.1866), (20, 0.0412), (24, 0.0274), (64, 0.0279)] },
    // Row degree 22.9, leak rate over entropy 1.0343.
    Ensemble { leak_rate: 0.28960, threshold: 0.28, shares: &[(2, 0.3133), (3, 0.3816), (7, 0.0685), (8, 0.1392), (20, 0.0630), (24, 0.0047), (64, 0.0296)] },
    // Row degree 20.3, leak rate over entropy 1.0329.
    Ensemble { leak_rate: 0.32020, threshold: 0.31, shares: &[(2, 0.3347), (3, 0.3663), (7, 0.0999), (8, 0.1024), (18, 0.0140), (20, 0.0531), (64, 0.0297)] },
    // Row degree 17.6, leak rate over entropy 1.0315.
    Ensemble { leak_rate: 0.36101, threshold: 0.35, shares: &[(2, 0.3625), (3, 0.3437), (7, 0.1668), (8, 0.0258), (18, 0.0707), (64, 0.0305)] },
    // Row degree 14.9, leak rate over entropy 1.0308.
    Ensemble { leak_rate: 0.41230, threshold: 0.4, shares: &[(2, 0.3968), (3, 0.3137), (6, 0.0563), (7, 0.1290), (16, 0.0564), (18, 0.0172), (64, 0.0305)] },
    // Row degree 13.1, leak rate over entropy 1.0268.
    Ensemble { leak_rate: 0.45178, threshold: 0.44, shares: &[(2, 0.4250), (3, 0.2836), (6, 0.1057), (7, 0.0856), (16, 0.0352), (18, 0.0211), (20, 0.0174), (50, 0.0003), (64, 0.0263)] },
    // Row degree 11.7, leak rate over entropy 1.0268.
    Ensemble { leak_rate: 0.49288, threshold: 0.48, shares: &[(2, 0.4423), (3, 0.2751), (6, 0.1316), (7, 0.0516), (16, 0.0535), (18, 0.0193), (64, 0.0266)] },
    // Row degree 8.9, leak rate over entropy 1.0158.
    Ensemble { leak_rate: 0.56883, threshold: 0.56, shares: &[(2, 0.4611), (3, 0.3092), (6, 0.0486), (8, 0.0848), (9, 0.0519), (40, 0.0444)] },
    // Row degree 6.9, leak rate over entropy 1.0125.
    Ensemble { leak_rate: 0.65813, threshold: 0.65, shares: &[(2, 0.4980), (3, 0.2974), (6, 0.0262), (7, 0.1007), (12, 0.0470), (40, 0.0307)] },
    // Row degree 5.7, leak rate over entropy 1.0111.
    Ensemble { leak_rate: 0.73809, threshold: 0.73, shares: &[(2, 0.5316), (3, 0.2853), (6, 0.0229), (7, 0.0965), (12, 0.0287), (14, 0.0103), (40, 0.0247)] },
    // Row degree 4.6, leak rate over entropy 1.0097.
    Ensemble { leak_rate: 0.81915, threshold: 0.8113, shares: &[(2, 0.5750), (3, 0.2685), (6, 0.0066), (7, 0.1098), (16, 0.0249), (40, 0.0151)] },
    // Row degree 3.8, leak rate over entropy 1.0085.
    Ensemble { leak_rate: 0.88749, threshold: 0.88, shares: &[(2, 0.6272), (3, 0.2444), (6, 0.0084), (7, 0.0923), (16, 0.0037), (18, 0.0150), (40, 0.0090)] },
    // Row degree 3.1, leak rate over entropy 1.0071.
    Ensemble { leak_rate: 0.95674, threshold: 0.95, shares: &[(2, 0.7029), (3, 0.2043), (6, 0.0307), (7, 0.0411), (12, 0.0131), (40, 0.0080)] },
];

/// Columns of at most 80 edges and room in every pass.
#[rustfmt::skip]
pub(crate) static MIDDLE: &[Ensemble] = &[
    // Row degree 428, leak rate over entropy 1.2771.
    Ensemble { leak_rate: 0.01277, threshold: 0.01, shares: &[(2, 0.0179), (3, 0.5200), (8, 0.2888), (9, 0.1733)] },
    // Row degree 278.20, leak rate over entropy 1.1390.
    Ensemble { leak_rate: 0.02278, threshold: 0.02, shares: &[(2, 0.0319), (3, 0.5048), (7, 0.2651), (14, 0.1337), (16, 0.0645)] },
    // Row degree 185, leak rate over entropy 1.0550.
    Ensemble { leak_rate: 0.04220, threshold: 0.04, shares: &[(2, 0.0591), (3, 0.5095), (8, 0.1164), (9, 0.2047), (20, 0.0180), (32, 0.0834), (40, 0.0090)] },
    // Row degree 125, leak rate over entropy 1.0448.
    Ensemble { leak_rate: 0.06269, threshold: 0.06, shares: &[(2, 0.0878), (3, 0.5091), (8, 0.0878), (9, 0.2039), (20, 0.0431), (40, 0.0683)] },
    // Row degree 90, leak rate over entropy 1.0419.
    Ensemble { leak_rate: 0.08335, threshold: 0.08, shares: &[(2, 0.1167), (3, 0.5022), (8, 0.0695), (9, 0.2090), (20, 0.0331), (24, 0.0075), (40, 0.0621)] },
    // Row degree 70.9, leak rate over entropy 1.0423.
    Ensemble { leak_rate: 0.11465, threshold: 0.11, shares: &[(2, 0.1605), (3, 0.4689), (8, 0.1368), (9, 0.1260), (24, 0.0441), (28, 0.0360), (64, 0.0069), (80, 0.0208)] },
    // Row degree 59.9, leak rate over entropy 1.0385.
    Ensemble { leak_rate: 0.13501, threshold: 0.13, shares: &[(2, 0.1890), (3, 0.4484), (8, 0.1758), (9, 0.0790), (24, 0.0569), (28, 0.0230), (80, 0.0280)] },
    // Row degree 50.1, leak rate over entropy 1.0368.
    Ensemble { leak_rate: 0.15862, threshold: 0.153, shares: &[(2, 0.2142), (3, 0.4332), (8, 0.2069), (9, 0.0384), (24, 0.0779), (80, 0.0294)] },
    // Row degree 41.3, leak rate over entropy 1.0353.
    Ensemble { leak_rate: 0.18636, threshold: 0.18, shares: &[(2, 0.2365), (3, 0.4243), (8, 0.2065), (9, 0.0298), (20, 0.0023), (24, 0.0727), (80, 0.0280)] },
    // Row degree 31, leak rate over entropy 1.0335.
    Ensemble { leak_rate: 0.23770, threshold: 0.23, shares: &[(2, 0.2755), (3, 0.4036), (7, 0.0167), (8, 0.2038), (20, 0.0256), (24, 0.0470), (80, 0.0277)] },
    // Row degree 23.7, leak rate over entropy 1.0324.
    Ensemble { leak_rate: 0.29941, threshold: 0.29, shares: &[(2, 0.3201), (3, 0.3731), (7, 0.0965), (8, 0.1092), (20, 0.0718), (80, 0.0294)] },
    // Row degree 19.7, leak rate over entropy 1.0314.
    Ensemble { leak_rate: 0.35067, threshold: 0.34, shares: &[(2, 0.3555), (3, 0.3456), (7, 0.1725), (8, 0.0211), (18, 0.0727), (20, 0.0022), (80, 0.0304)] },
    // Row degree 15.5, leak rate over entropy 1.0307.
    Ensemble { leak_rate: 0.42259, threshold: 0.41, shares: &[(2, 0.4036), (3, 0.3021), (6, 0.0936), (7, 0.0924), (16, 0.0729), (18, 0.0061), (80, 0.0294)] },
    // Row degree 12.6, leak rate over entropy 1.0310.
    Ensemble { leak_rate: 0.49488, threshold: 0.48, shares: &[(2, 0.4412), (3, 0.2740), (6, 0.1727), (14, 0.0639), (16, 0.0196), (80, 0.0286)] },
    // Row degree 8.9, leak rate over entropy 1.0158.
    Ensemble { leak_rate: 0.56883, threshold: 0.56, shares: &[(2, 0.4611), (3, 0.3092), (6, 0.0486), (8, 0.0848), (9, 0.0519), (40, 0.0444)] },
    // Row degree 6.9, leak rate over entropy 1.0125.
    Ensemble { leak_rate: 0.65813, threshold: 0.65, shares: &[(2, 0.4980), (3, 0.2974), (6, 0.0262), (7, 0.1007), (12, 0.0470), (40, 0.0307)] },
    // Row degree 5.7, leak rate over entropy 1.0111.
    Ensemble { leak_rate: 0.73809, threshold: 0.73, shares: &[(2, 0.5316), (3, 0.2853), (6, 0.0229), (7, 0.0965), (12, 0.0287), (14, 0.0103), (40, 0.0247)] },
    // Row degree 4.6, leak rate over entropy 1.0097.
    Ensemble { leak_rate: 0.81915, threshold: 0.8113, shares: &[(2, 0.5750), (3, 0.2685), (6, 0.0066), (7, 0.1098), (16, 0.0249), (40, 0.0151)] },
    // Row degree 3.8, leak rate over entropy 1.0085.
    Ensemble { leak_rate: 0.88749, threshold: 0.88, shares: &[(2, 0.6272), (3, 0.2444), (6, 0.0084), (7, 0.0923), (16, 0.0037), (18, 0.0150), (40, 0.0090)] },
    // Row degree 3.1, leak rate over entropy 1.0071.
    Ensemble { leak_rate: 0.95674, threshold: 0.95, shares: &[(2, 0.7029), (3, 0.2043), (6, 0.0307), (7, 0.0411), (12, 0.0131), (40, 0.0080)] },
];

/// Columns of up to 80 edges where that brings the threshold nearer to the bound.
#[rustfmt::skip]
pub(crate) static LONG: &[Ensemble] = &[
    // Row degree 428, leak rate over entropy 1.2771.
    Ensemble { leak_rate: 0.01277, threshold: 0.01, shares: &[(2, 0.0179), (3, 0.5200), (8, 0.2888), (9, 0.1733)] },
    // Row degree 278.20, leak rate over entropy 1.1390.
    Ensemble { leak_rate: 0.02278, threshold: 0.02, shares: &[(2, 0.0319), (3, 0.5048), (7, 0.2651), (14, 0.1337), (16, 0.0645)] },
    // Row degree 185, leak rate over entropy 1.0550.
    Ensemble { leak_rate: 0.04220, threshold: 0.04, shares: &[(2, 0.0591), (3, 0.5095), (8, 0.1164), (9, 0.2047), (20, 0.0180), (32, 0.0834), (40, 0.0090)] },
    // Row degree 125, leak rate over entropy 1.0448.
    Ensemble { leak_rate: 0.06269, threshold: 0.06, shares: &[(2, 0.0878), (3, 0.5091), (8, 0.0878), (9, 0.2039), (20, 0.0431), (40, 0.0683)] },
    // Row degree 90, leak rate over entropy 1.0419.
    Ensemble { leak_rate: 0.08335, threshold: 0.08, shares: &[(2, 0.1167), (3, 0.5022), (8, 0.0695), (9, 0.2090), (20, 0.0331), (24, 0.0075), (40, 0.0621)] },
    // Row degree 72.32, leak rate over entropy 1.0293.
    Ensemble { leak_rate: 0.11322, threshold: 0.11, shares: &[(2, 0.1585), (3, 0.4714), (8, 0.1865), (9, 0.0608), (20, 0.0753), (24, 0.0032), (64, 0.0443)] },
    // Row degree 56.16, leak rate over entropy 1.0228.
    Ensemble { leak_rate: 0.14462, threshold: 0.1414, shares: &[(2, 0.2015), (3, 0.4407), (8, 0.2082), (9, 0.0388), (20, 0.0087), (24, 0.0708), (80, 0.0314)] },
    // Row degree 42.12, leak rate over entropy 1.0209.
    Ensemble { leak_rate: 0.18375, threshold: 0.18, shares: &[(2, 0.2332), (3, 0.4292), (8, 0.2027), (9, 0.0310), (20, 0.0100), (24, 0.0648), (80, 0.0291)] },
    // Row degree 31.59, leak rate over entropy 1.0189.
    Ensemble { leak_rate: 0.23436, threshold: 0.23, shares: &[(2, 0.2717), (3, 0.4102), (7, 0.0021), (8, 0.2159), (20, 0.0289), (24, 0.0426), (80, 0.0286)] },
    // Row degree 24.57, leak rate over entropy 1.0185.
    Ensemble { leak_rate: 0.29171, threshold: 0.2864, shares: &[(2, 0.3132), (3, 0.3832), (7, 0.0691), (8, 0.1344), (18, 0.0104), (20, 0.0589), (80, 0.0308)] },
    // Row degree 20.12, leak rate over entropy 1.0187.
    Ensemble { leak_rate: 0.34637, threshold: 0.34, shares: &[(2, 0.3511), (3, 0.3541), (7, 0.1795), (8, 0.0010), (16, 0.0735), (18, 0.0080), (80, 0.0328)] },
    // Row degree 16.26, leak rate over entropy 1.0181.
    Ensemble { leak_rate: 0.40949, threshold: 0.4022, shares: &[(2, 0.3934), (3, 0.3176), (6, 0.0765), (7, 0.0984), (14, 0.0428), (16, 0.0394), (80, 0.0317)] },
    // Row degree 11.1, leak rate over entropy 1.0187.
    Ensemble { leak_rate: 0.48898, threshold: 0.48, shares: &[(2, 0.4410), (3, 0.2899), (5, 0.0589), (8, 0.1174), (9, 0.0408), (40, 0.0519)] },
    // Row degree 8.9, leak rate over entropy 1.0158.
    Ensemble { leak_rate: 0.56883, threshold: 0.56, shares: &[(2, 0.4611), (3, 0.3092), (6, 0.0486), (8, 0.0848), (9, 0.0519), (40, 0.0444)] },
    // Row degree 6.9, leak rate over entropy 1.0125.
    Ensemble { leak_rate: 0.65813, threshold: 0.65, shares: &[(2, 0.4980), (3, 0.2974), (6, 0.0262), (7, 0.1007), (12, 0.0470), (40, 0.0307)] },
    // Row degree 5.7, leak rate over entropy 1.0111.
    Ensemble { leak_rate: 0.73809, threshold: 0.73, shares: &[(2, 0.5316), (3, 0.2853), (6, 0.0229), (7, 0.0965), (12, 0.0287), (14, 0.0103), (40, 0.0247)] },
    // Row degree 4.6, leak rate over entropy 1.0097.
    Ensemble { leak_rate: 0.81915, threshold: 0.8113, shares: &[(2, 0.5750), (3, 0.2685), (6, 0.0066), (7, 0.1098), (16, 0.0249), (40, 0.0151)] },
    // Row degree 3.8, leak rate over entropy 1.0085.
    Ensemble { leak_rate: 0.88749, threshold: 0.88, shares: &[(2, 0.6272), (3, 0.2444), (6, 0.0084), (7, 0.0923), (16, 0.0037), (18, 0.0150), (40, 0.0090)] },
    // Row degree 3.1, leak rate over entropy 1.0071.
    Ensemble { leak_rate: 0.95674, threshold: 0.95, shares: &[(2, 0.7029), (3, 0.2043), (6, 0.0307), (7, 0.0411), (12, 0.0131), (40, 0.0080)] },
];
